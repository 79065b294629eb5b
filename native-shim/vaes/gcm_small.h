/*
 * Several packets of at most 80 octets side by side: one alone leaves the AES units idle while it waits for its own rounds. Two registers a packet; the block numbers of gcm.h.
 * The products of four packets are reduced together, a lane each.
 */
#ifndef GCM_SMALL_H
#define GCM_SMALL_H

#include "gcm.h"

enum { SMALL = 80, AT_ONCE = 4 };

/* Lane i of the result is the XOR of the four lanes of z[i]. */
INLINE zmm fold_four(const zmm z[4]) {
    zmm a = _mm512_xor_si512(_mm512_shuffle_i64x2(z[0], z[1], 0x44), _mm512_shuffle_i64x2(z[0], z[1], 0xee));
    zmm b = _mm512_xor_si512(_mm512_shuffle_i64x2(z[2], z[3], 0x44), _mm512_shuffle_i64x2(z[2], z[3], 0xee));
    return _mm512_xor_si512(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xdd));
}

/* Crypts four packets with the same number of rounds; tags come out in the lanes, in order. */
INLINE zmm crypt_small(const struct aead_job *jobs, const int rounds, const int decrypt) {
    struct packet p[AT_ONCE];
    zmm state[AT_ONCE][2], low[AT_ONCE], middle[AT_ONCE], high[AT_ONCE];
#pragma GCC unroll 4
    for (int i = 0; i < AT_ONCE; i++) {
        p[i] = packet_of(&jobs[i]);
        zmm base = _mm512_xor_si512(p[i].nonce, p[i].first_key);
        state[i][0] = base;
        state[i][1] = _mm512_xor_si512(base, counters(1));
        state[i][0] = _mm512_xor_si512(base, counters(0));
    }
#pragma GCC unroll 14
    for (int round = 1; round < rounds; round++) {
#pragma GCC unroll 4
        for (int i = 0; i < AT_ONCE; i++) {
            zmm round_key = all_lanes(jobs[i].key->round_keys[round]);
            state[i][0] = _mm512_aesenc_epi128(state[i][0], round_key);
            state[i][1] = _mm512_aesenc_epi128(state[i][1], round_key);
        }
    }
    zmm masks = _mm512_setzero_si512();
#pragma GCC unroll 4
    for (int i = 0; i < AT_ONCE; i++) {
        zmm last_key = all_lanes(jobs[i].key->round_keys[rounds]);
        state[i][0] = _mm512_aesenclast_epi128(state[i][0], last_key);
        state[i][1] = _mm512_aesenclast_epi128(state[i][1], last_key);
        masks = _mm512_mask_shuffle_i64x2(masks, (__mmask8)(3 << (2 * i)), state[i][0], state[i][0], 0x55);

        uint8_t *at = jobs[i].data - 32;
        long octets = (long)jobs[i].length + 32, blocks = (octets + 15) >> 4;
        uint64_t length_block = (uint64_t)3 << (2 * blocks), used = length_block | (length_block - 1);
        xmm aad = _mm_set_epi64x(jobs[i].aad_length > 8 ? jobs[i].aad1 : 0, (long long)jobs[i].aad0);
        zmm lengths = _mm512_broadcast_i32x4(_mm_set_epi64x(8LL * jobs[i].aad_length, 8LL * jobs[i].length));
        zmm first = crypt_masked(at, first_octets(octets) & DATA_OF_FIRST_REGISTER, state[i][0], decrypt, 1, aad);
        zmm second = crypt_masked(at + 64, first_octets(octets - 64), state[i][1], decrypt, 0, aad);
        first = _mm512_mask_mov_epi64(first, (__mmask8)length_block, lengths);
        second = _mm512_mask_mov_epi64(second, (__mmask8)(length_block >> 8), lengths);
        const uint8_t *powers = jobs[i].key->powers[32 - (blocks + 1)];
        struct product sum = no_product();
        multiply_add(&sum, first, _mm512_maskz_loadu_epi64((__mmask8)used, powers));
        multiply_add(&sum, second, _mm512_maskz_loadu_epi64((__mmask8)(used >> 8), powers + 64));
        low[i] = sum.low;
        middle[i] = sum.middle;
        high[i] = sum.high;
    }
    struct product four = {fold_four(low), fold_four(middle), fold_four(high)};
    return _mm512_xor_si512(reverse(reduce(four)), masks);
}

#endif
