/* SPDX-License-Identifier: Apache-2.0 */
/* A veth takes what is redirected or sent to it past the kernel only when it has an XDP program of its own: this one changes nothing. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "Apache-2.0";
