/* AES-GMAC (RFC 4543): the AAD prefix (in registers) and the octets at `data` are one string of AAD; nothing is encrypted. */
#ifndef GMAC_H
#define GMAC_H

#include "gcm.h"

INLINE xmm gmac(const struct aead_job *job, const int rounds) {
    const struct key_block *key = job->key;
    struct packet p = packet_of(job);
    zmm stream[1];
    key_stream(key, rounds, _mm512_xor_si512(p.nonce, p.first_key), 1, stream);

    /* Seen as memory the string begins with the prefix, right before the data; those octets are masked and put in from the registers. */
    const uint8_t *at = job->data - job->aad_length;
    long octets = (long)job->aad_length + job->length;
    zmm lengths = _mm512_broadcast_i32x4(_mm_set_epi64x(8LL * octets, 0));
    __mmask64 prefix = ~first_octets(job->aad_length);
    zmm front = _mm512_zextsi128_si512(p.aad), hash = _mm512_setzero_si512();

    while (octets >= 16 * GROUP) {
        struct product sum = no_product();
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            zmm blocks = i == 0 ? _mm512_or_si512(_mm512_maskz_loadu_epi8(prefix, at), front) : load64(at + 64 * i);
            blocks = reverse(blocks);
            if (i == 0)
                blocks = _mm512_xor_si512(blocks, hash);
            multiply_add(&sum, blocks, load64(key->powers[16 + 4 * i]));
        }
        hash = _mm512_zextsi128_si512(fold_lanes(reduce(sum)));
        prefix = ~0ULL;
        front = _mm512_setzero_si512();
        at += 16 * GROUP;
        octets -= 16 * GROUP;
    }

    long blocks_left = (octets + 15) >> 4; /* at most 16, and then the lengths */
    const uint8_t *powers = key->powers[32 - (blocks_left + 1)];
    struct product sum = no_product();
    for (long i = 0; i <= blocks_left; i += 4) {
        zmm blocks = _mm512_or_si512(_mm512_maskz_loadu_epi8(first_octets(octets - 16 * i) & prefix, at + 16 * i), front);
        blocks = _mm512_xor_si512(reverse(blocks), hash);
        prefix = ~0ULL;
        front = hash = _mm512_setzero_si512();
        unsigned length_block = blocks_left - i < 4 ? 3u << (2 * (blocks_left - i)) : 0;
        unsigned used = length_block ? length_block | (length_block - 1) : 0xff;
        blocks = _mm512_xor_si512(blocks, _mm512_maskz_mov_epi64((__mmask8)length_block, lengths));
        multiply_add(&sum, blocks, _mm512_maskz_loadu_epi64((__mmask8)used, powers + 16 * i));
    }
    xmm result = fold_lanes(reduce(sum));
    return _mm_xor_si128(_mm_shuffle_epi8(result, _mm512_castsi512_si128(reverse_mask())), _mm512_extracti32x4_epi32(stream[0], 1));
}

#endif
