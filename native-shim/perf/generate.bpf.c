/* SPDX-License-Identifier: Apache-2.0 */
/* The packet generator of the wire suite: run by BPF_PROG_TEST_RUN on live frames, it sends each of them by the device in `target`. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps");

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u32 *device = bpf_map_lookup_elem(&target, &zero);

	return device ? bpf_redirect(*device, 0) : XDP_DROP;
}

char _license[] SEC("license") = "Apache-2.0";
