#!/bin/bash
# boot.sh IMAGE NETNS TAP STATE 'ip4=… via4=… …': boots the image of prepare.sh with its network card on TAP inside NETNS (both are there already)
# and waits until it is up (4 to 15 s under software emulation). Leaves STATE.pid and STATE.log; stop it by its PID.
image=$1 ns=$2 tap=$3 state=$4 options=$5
rm -f "$state.log"
ip netns exec "$ns" setsid qemu-system-x86_64 -M q35 -accel tcg,thread=single -cpu max -m 256 -smp 1 -nodefaults -no-user-config -no-reboot -display none \
    -kernel "$image/vmlinuz" -initrd "$image/initrd.cpio" \
    -append "console=ttyS0 quiet panic=1 mitigations=off random.trust_cpu=on no_timer_check $options" \
    -serial "file:$state.log" -netdev "tap,id=n0,ifname=$tap,script=no,downscript=no" \
    -device "virtio-net-pci,netdev=n0,romfile=,mac=52:54:00:a9:91:01" > "$state.out" 2>&1 < /dev/null &
echo $! > "$state.pid"
for _ in $(seq 600); do
    grep -aq GUEST-UP "$state.log" 2>/dev/null && { grep -a GUEST-UP "$state.log"; exit 0; }
    kill -0 "$(cat "$state.pid")" 2>/dev/null || break
    sleep .1
done
echo "the virtual machine did not come up: $(tail -1 "$state.out") $(tail -1 "$state.log" 2>/dev/null)" >&2
kill "$(cat "$state.pid")" 2>/dev/null
exit 1
