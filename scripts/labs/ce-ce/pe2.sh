#!/bin/sh
# pe2: GoBGP as PE with VRFs of its own; the routes stay in it.
set -e
exec gobgpd -f "$LAB_FILES/pe2.toml" --api-hosts 127.0.0.1:50051 --log-plain
