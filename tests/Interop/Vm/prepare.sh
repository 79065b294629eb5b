#!/bin/bash
# prepare.sh [DIR]: makes DIR/vmlinuz and DIR/initrd.cpio, a virtual machine whose kernel has ESP (esp4, esp6, xfrm) and little else:
# iproute2, ping, strongSwan (charon on the kernel's ESP), BIRD, busybox. Nothing is installed on the host. Prints DIR; does nothing when the image is already there.
# Host needs: qemu-system-x86 busybox-static cpio kmod xz-utils socat. Packages come from the mirror in the machine's own apt sources.
# Exit 3: the image cannot be made here (the last line of stderr says why), which is a skip and not a failure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-${XDG_CACHE_HOME:-/var/cache}/appliance-vm}
recipe=$(cat "$here/prepare.sh" "$here/init" | sha256sum | cut -c1-16)
cannot() { echo "$*" >&2; exit 3; }
for c in qemu-system-x86_64 busybox cpio depmod xz dpkg-deb socat; do
    command -v $c >/dev/null || cannot "missing $c (apt-get install --no-install-recommends qemu-system-x86 busybox-static cpio kmod xz-utils socat)"
done
file -L "$(command -v busybox)" 2>/dev/null | grep -q dynamically && cannot "busybox is not static (apt-get install busybox-static)"
mkdir -p "$dir"; dir=$(cd "$dir" && pwd)
exec 9>"$dir/lock"; flock 9
[ "$(cat "$dir/recipe" 2>/dev/null)" = "$recipe" ] && { echo "$dir"; exit 0; }
rm -f "$dir/recipe"

work=$(mktemp -d "$dir/making.XXXXXX"); trap 'rm -rf "$work"' EXIT; cd "$work"
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | sed -n "s/^URIs: *//p; s/^deb .*\(http[^ ]*\/debian\) .*/\1/p" | grep -m1 "/debian$" || true)
[ -n "$mirror" ] || cannot "no Debian mirror in the apt sources"
mkdir -p apt/etc/apt/{sources.list.d,preferences.d,apt.conf.d} apt/var/lib/apt/lists/partial apt/var/cache/apt/archives/partial apt/var/lib/dpkg root
: > apt/var/lib/dpkg/status
for suite in trixie trixie-backports; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
done > apt/etc/apt/sources.list
apt=(-qq -o Dir="$work/apt" -o Dir::State::status="$work/apt/var/lib/dpkg/status" -o Dir::Etc::sourcelist="$work/apt/etc/apt/sources.list" -o Dir::Etc::sourceparts=-
    -o APT::Architecture=amd64 -o Acquire::Languages=none -o APT::Sandbox::User=root -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
apt-get "${apt[@]}" update >&2 || cannot "the Debian mirror does not answer"
kernel=$(apt-cache "${apt[@]}" pkgnames linux-binary-7 | grep cloud-amd64 | sed 's/linux-binary-//' | sort -V | tail -1)
[ -n "$kernel" ] || cannot "the mirror has no linux-binary-7…-cloud-amd64"
apt-get "${apt[@]}" download linux-base-$kernel linux-binary-$kernel linux-modules-$kernel >&2 || cannot "the kernel packages could not be fetched"
apt-get "${apt[@]}" -y --no-install-recommends --download-only install iproute2 iputils-ping strongswan-charon strongswan-swanctl \
    libstrongswan-standard-plugins libstrongswan-extra-plugins libcharon-extra-plugins bird2 >&2 || cannot "iproute2, strongSwan and BIRD could not be fetched"

mkdir -p kern root/usr/{bin,sbin,lib,lib64}
for l in bin sbin lib lib64; do ln -sfn usr/$l root/$l; done
for d in linux-*.deb; do dpkg -x "$d" kern; done
for d in apt/var/cache/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$d" | tar x -C root --keep-directory-symlink --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale
done

# The programs and the libraries they name.
ird=$work/ird; mkdir -p $ird/{bin,usr/bin,usr/sbin,usr/lib,usr/lib64,etc,proc,sys,dev,run,tmp}
ln -s usr/lib $ird/lib; ln -s usr/lib64 $ird/lib64; ln -s usr/sbin $ird/sbin
cp "$(command -v busybox)" $ird/bin/busybox
plugins=$(for p in random nonce openssl aes sha1 sha2 hmac kdf gcm chapoly curve25519 drbg kernel-netlink socket-default vici pem pkcs1 pkcs8 pubkey x509 revocation constraints; do
    [ -e root/usr/lib/ipsec/plugins/libstrongswan-$p.so ] && echo usr/lib/ipsec/plugins/libstrongswan-$p.so || true
done)
mkdir -p $ird/usr/lib/ipsec/plugins $ird/etc/swanctl $ird/var; ln -s ../run $ird/var/run
for b in usr/bin/ip usr/bin/ping usr/sbin/bird usr/sbin/birdc usr/lib/ipsec/charon usr/sbin/swanctl $plugins; do
    cp -L root/$b $ird/$b
    for l in $(chroot root /lib64/ld-linux-x86-64.so.2 --list /$b 2>/dev/null | grep -o '/[^ )]*' | sort -u); do
        mkdir -p $ird/$(dirname $l); [ -e $ird/$l ] || cp -L root/$l $ird/$l
    done
done
echo root:x:0:0::/:/bin/sh > $ird/etc/passwd; echo root:x:0: > $ird/etc/group; : > $ird/etc/strongswan.conf
# Threads of charon that end need it; nothing names it.
cp -L root/usr/lib/x86_64-linux-gnu/libgcc_s.so.1 $ird/usr/lib/x86_64-linux-gnu/
install -m 755 "$here/init" $ird/init

# The modules ESP needs and what those need.
modules=kern/usr/lib/modules/$(ls kern/usr/lib/modules); release=$(basename $modules)
mkdir -p $ird/usr/lib/modules/$release; cp $modules/modules.{builtin,builtin.modinfo,order} $ird/usr/lib/modules/$release/
mkdir -p d1 d2; ln -sfn ../kern/usr/lib d1/lib; depmod -b $work/d1 $release
for m in virtio_net esp4 esp6 gcm ctr cbc authenc authencesn echainiv seqiv aesni-intel chacha20poly1305 chacha chacha20_generic chacha-generic crypto_null xfrm_user xfrm_interface ipip sit ip6_tunnel tunnel4 tunnel6 dummy; do
    grep -E "/${m//[-_]/[-_]}\.ko" $modules/modules.dep | tr -d : || true
done | tr ' ' '\n' | sort -u | while read -r m; do
    [ -n "$m" ] || continue
    mkdir -p $ird/usr/lib/modules/$release/$(dirname $m)
    case $m in *.xz) xz -dc $modules/$m > $ird/usr/lib/modules/$release/${m%.xz};; *) cp $modules/$m $ird/usr/lib/modules/$release/$m;; esac
done
ln -sfn ../ird/usr/lib d2/lib; depmod -b $work/d2 $release
(cd $ird && find . | cpio -o -H newc --quiet) > initrd.cpio
mv initrd.cpio "$dir/initrd.cpio"; cp $modules/vmlinuz "$dir/vmlinuz"; echo "$release" > "$dir/release"; echo "$recipe" > "$dir/recipe"
echo "$dir"
