#!/bin/bash
# shell.sh NETNS ADDRESS 'commands' [SECONDS]: runs them in the virtual machine and prints what they print. busybox's shell runs its own applets first,
# so ip and ping are named by path.
printf '%s\nexit\n' "exec 2>&1; PATH=/usr/sbin:/usr/bin:/sbin:/bin; ip() { /usr/bin/ip \"\$@\"; }; ping() { /usr/bin/ping \"\$@\"; }
$3" | timeout "${4:-15}" ip netns exec "$1" socat -t "${4:-15}" - TCP:"$2":2323,retry=20,interval=0.2
