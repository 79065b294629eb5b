/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which frames of a port go to the gateway's workers (AF_XDP), which to the kernel, and which to nobody.
 *
 *   1. ARP, routing hellos, group addresses, anything that is not IP: the kernel's. Multicast that somebody wants, at a
 *      port inside: a worker's.
 *   2. Addressed to this machine: ESP, UDP-encapsulated ESP, fragments and ICMP errors about them go to a worker;
 *      IKE, BGP, SSH and all else is the kernel's.
 *   3. Everything else is to be forwarded: a worker's, and dropped when none listens. The kernel never sees it.
 *
 * No .rodata, no subprograms, bounded loops: the loader in src/PacketIo/Bpf knows maps by their symbols and nothing more.
 */
#include <linux/bpf.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IKE_NATT_PORT 4500     /* RFC 3948 2.1 */
#define MAX_EXTENSIONS 6       /* IPv6 extension headers that are walked */
#define MAX_VLAN_TAGS 2
#define ICMP_HEADER 8          /* RFC 792: what stands in front of the quoted packet */
#define ND_FIRST 133           /* ICMPv6 router solicitation .. redirect, RFC 4861 */
#define ND_LAST 137

/* The socket of each queue. */
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} xsk SEC(".maps");

/* The machine's own addresses, in network order. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u32);
} local4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct in6_addr);
	__type(value, __u32);
} local6 SEC(".maps");

/* Multicast addresses that somebody wants, longest match; empty at ports outside. Without groups of the link alone. */
struct group4 {
	__u32 length;
	__u32 address;
};

struct group6 {
	__u32 length;
	struct in6_addr address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 256);
	__type(key, struct group4);
	__type(value, __u32);
} groups4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 256);
	__type(key, struct group6);
	__type(value, __u32);
} groups6 SEC(".maps");

/* The port's own link-layer address, first octet lowest; 0 while it is not known. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} mac SEC(".maps");

/* To the worker of this queue; `otherwise` when none listens. */
static __always_inline int worker(struct xdp_md *ctx, int otherwise)
{
	return bpf_redirect_map(&xsk, ctx->rx_queue_index, otherwise);
}

/* ESP in UDP has no zero marker where IKE has one; a keepalive is one octet 0xFF (RFC 3948 2.2, 2.3). */
static __always_inline int is_udp_esp(const struct udphdr *udp, const void *end)
{
	const __u8 *body = (const void *)(udp + 1);

	if ((void *)(udp + 1) > end || udp->dest != bpf_htons(IKE_NATT_PORT))
		return 0;
	if (udp->len == bpf_htons(sizeof(*udp) + 1))
		return (const void *)(body + 1) <= end && body[0] == 0xff;
	if ((const void *)(body + 4) > end)
		return 0;
	return (body[0] | body[1] | body[2] | body[3]) != 0;
}

/* The packet that an ICMP error quotes is one of ours: its source port is the local one. */
static __always_inline int quotes_esp(__u8 protocol, const void *transport, const void *end)
{
	const struct udphdr *udp = transport;
	const __u8 *marker = (const void *)(udp + 1);

	if (protocol == IPPROTO_ESP)
		return 1;
	if (protocol != IPPROTO_UDP || (const void *)(udp + 1) > end)
		return 0;
	if (udp->source != bpf_htons(IKE_NATT_PORT) && udp->dest != bpf_htons(IKE_NATT_PORT))
		return 0;
	if ((const void *)(marker + 4) > end)
		return 1;
	return (marker[0] | marker[1] | marker[2] | marker[3]) != 0;
}

/* Destination unreachable, time exceeded, parameter problem (RFC 792). linux/icmp.h cannot be used here: it asks for the C library. */
static __always_inline int is_icmp4_about_esp(const __u8 *icmp, const void *end)
{
	const struct iphdr *quoted = (const void *)(icmp + ICMP_HEADER);

	if ((const void *)(quoted + 1) > end)
		return 0;
	if (icmp[0] != 3 && icmp[0] != 11 && icmp[0] != 12)
		return 0;
	if (quoted->ihl < 5)
		return 0;
	return quotes_esp(quoted->protocol, (const void *)quoted + quoted->ihl * 4, end);
}

static __always_inline int is_icmp6_about_esp(const struct icmp6hdr *icmp, const void *end)
{
	const struct ipv6hdr *quoted = (const void *)(icmp + 1);
	const __u8 *next = (const void *)(quoted + 1);
	__u8 protocol;

	if ((const void *)(quoted + 1) > end)
		return 0;
	if (icmp->icmp6_type < ICMPV6_DEST_UNREACH || icmp->icmp6_type > ICMPV6_PARAMPROB)
		return 0;
	protocol = quoted->nexthdr;
	if (protocol == IPPROTO_FRAGMENT) {
		if ((const void *)(next + 8) > end)
			return 0;
		protocol = next[0];
		next += 8;
	}
	return quotes_esp(protocol, next, end);
}

/* Addressed to this machine over IPv4. */
static __always_inline int local_ipv4(struct xdp_md *ctx, const struct iphdr *ip, const void *end)
{
	const void *transport = (const void *)ip + ip->ihl * 4;

	if (ip->frag_off & bpf_htons(0x3fff))                  /* RFC 791: MF or an offset */
		return worker(ctx, XDP_PASS);
	if (ip->protocol == IPPROTO_ESP)                       /* DROP: the kernel would answer "protocol unreachable" */
		return worker(ctx, XDP_DROP);
	if (ip->protocol == IPPROTO_UDP && is_udp_esp(transport, end))
		return worker(ctx, XDP_DROP);
	if (ip->protocol == IPPROTO_ICMP && is_icmp4_about_esp(transport, end))
		return worker(ctx, XDP_DROP);
	return XDP_PASS;
}

/* Addressed to this machine over IPv6. */
static __always_inline int local_ipv6(struct xdp_md *ctx, const struct ipv6hdr *ip, const void *end)
{
	const __u8 *header = (const void *)(ip + 1);
	__u8 protocol = ip->nexthdr;

#pragma unroll
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		if (protocol == IPPROTO_FRAGMENT)
			return worker(ctx, XDP_PASS);
		if (protocol != IPPROTO_HOPOPTS && protocol != IPPROTO_ROUTING && protocol != IPPROTO_DSTOPTS)
			break;
		if ((const void *)(header + 8) > end)
			return XDP_PASS;
		protocol = header[0];
		header += 8 + header[1] * 8;
	}
	if (protocol == IPPROTO_ESP)
		return worker(ctx, XDP_DROP);
	if (protocol == IPPROTO_UDP && is_udp_esp((const void *)header, end))
		return worker(ctx, XDP_DROP);
	if (protocol == IPPROTO_ICMPV6 && is_icmp6_about_esp((const void *)header, end))
		return worker(ctx, XDP_DROP);
	return XDP_PASS;
}

/*
 * To be forwarded. A bridge floods frames for other machines: those are not ours to forward. A tagged frame belongs to
 * another link, which is a port of its own or none: it is not forwarded either.
 */
static __always_inline int forward(struct xdp_md *ctx, const struct ethhdr *ethernet, int tagged)
{
	__u32 zero = 0;
	__u64 *own = bpf_map_lookup_elem(&mac, &zero);
	const __u16 *to = (const __u16 *)ethernet->h_dest;
	__u64 destination = to[0] | (__u64)to[1] << 16 | (__u64)to[2] << 32;

	if (tagged || (own && *own && *own != destination))
		return XDP_DROP;
	return worker(ctx, XDP_DROP);
}

static __always_inline int is_link_local(const struct in6_addr *address)
{
	return address->s6_addr[0] == 0xfe && (address->s6_addr[1] & 0xc0) == 0x80;
}

static __always_inline int is_unspecified(const struct in6_addr *address)
{
	return !(address->s6_addr32[0] | address->s6_addr32[1] | address->s6_addr32[2] | address->s6_addr32[3]);
}

static __always_inline int ipv4(struct xdp_md *ctx, const struct ethhdr *ethernet, const struct iphdr *ip, const void *end, int tagged)
{
	__u32 destination;

	if ((const void *)(ip + 1) > end || ip->ihl < 5)       /* malformed: a worker counts it */
		return forward(ctx, ethernet, tagged);
	destination = ip->daddr;
	if (bpf_map_lookup_elem(&local4, &destination))
		return tagged ? XDP_PASS : local_ipv4(ctx, ip, end);
	if ((destination & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000) || destination == bpf_htonl(0xffffffff))
		return XDP_PASS;
	return forward(ctx, ethernet, tagged);
}

static __always_inline int ipv6(struct xdp_md *ctx, const struct ethhdr *ethernet, const struct ipv6hdr *ip, const void *end, int tagged)
{
	const struct icmp6hdr *icmp = (const void *)(ip + 1);
	struct in6_addr destination;

	if ((const void *)(ip + 1) > end)
		return forward(ctx, ethernet, tagged);
	/* Not forwarded by anybody (RFC 4291 2.5.2, 2.5.6, 2.7), and ND may ask for an address that the map has not heard of yet. */
	if (ip->daddr.s6_addr[0] == 0xff || is_link_local(&ip->daddr) || is_unspecified(&ip->saddr))
		return XDP_PASS;
	if (ip->nexthdr == IPPROTO_ICMPV6 && ip->hop_limit == 255 && (const void *)(icmp + 1) <= end &&
	    icmp->icmp6_type >= ND_FIRST && icmp->icmp6_type <= ND_LAST)
		return XDP_PASS;
	destination = ip->daddr;
	if (bpf_map_lookup_elem(&local6, &destination))
		return tagged ? XDP_PASS : local_ipv6(ctx, ip, end);
	if (is_link_local(&ip->saddr))
		return XDP_PASS;
	return forward(ctx, ethernet, tagged);
}

/*
 * A frame to a group or to all. What stays on the link (RFC 5771 4, RFC 7346 2) is the kernel's, whatever is wanted around
 * it, and so is what hosts say to routers: IGMP and MLD, also to the group itself.
 */
static __always_inline int group(struct xdp_md *ctx, const struct ethhdr *ethernet, const void *end)
{
	const struct iphdr *ip = (const void *)(ethernet + 1);
	const struct ipv6hdr *ip6 = (const void *)(ethernet + 1);

	if (ethernet->h_proto == bpf_htons(ETH_P_IP)) {
		struct group4 wanted = { .length = 32 };

		if ((const void *)(ip + 1) > end || ip->protocol == IPPROTO_IGMP)
			return XDP_PASS;
		wanted.address = ip->daddr;
		if ((ip->daddr & bpf_htonl(0xffffff00)) == bpf_htonl(0xe0000000))
			return XDP_PASS;
		return bpf_map_lookup_elem(&groups4, &wanted) ? worker(ctx, XDP_DROP) : XDP_PASS;
	}
	if (ethernet->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct group6 wanted = { .length = 128 };

		if ((const void *)(ip6 + 1) > end || is_link_local(&ip6->saddr) || is_unspecified(&ip6->saddr))
			return XDP_PASS;
		wanted.address = ip6->daddr;
		if ((ip6->daddr.s6_addr[1] & 0x0f) < 3)
			return XDP_PASS;
		return bpf_map_lookup_elem(&groups6, &wanted) ? worker(ctx, XDP_DROP) : XDP_PASS;
	}
	return XDP_PASS;
}

SEC("xdp.frags")
int steer(struct xdp_md *ctx)
{
	const void *data = (const void *)(long)ctx->data, *end = (const void *)(long)ctx->data_end;
	const struct ethhdr *ethernet = data;
	const void *header = ethernet + 1;
	int tagged = 0;
	__u16 type;

	if (header > end)
		return XDP_DROP;
	if (ethernet->h_dest[0] & 1)
		return group(ctx, ethernet, end);
	type = ethernet->h_proto;
#pragma unroll
	for (int i = 0; i < MAX_VLAN_TAGS; i++) {
		const __u16 *tag = header;

		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		if ((const void *)(tag + 2) > end)
			return XDP_DROP;
		type = tag[1];
		header = tag + 2;
		tagged = 1;
	}
	if (type == bpf_htons(ETH_P_IP))
		return ipv4(ctx, ethernet, header, end, tagged);
	if (type == bpf_htons(ETH_P_IPV6))
		return ipv6(ctx, ethernet, header, end, tagged);
	return tagged && (type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD)) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Apache-2.0";
