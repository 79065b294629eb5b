/*
 * GF(2^128) of GCM in four lanes of a 512-bit register. Blocks are byte-reversed; the key powers carry a factor x, so that products need no shift (Gueron).
 * A product is kept in three parts (low, middle, high); parts are summed over many blocks and reduced once.
 */
#ifndef GF128_H
#define GF128_H

#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

typedef __m512i zmm;
typedef __m128i xmm;

struct product {
    zmm low, middle, high;
};

INLINE zmm all_lanes(const void *block16) { return _mm512_broadcast_i32x4(_mm_load_si128((const xmm *)block16)); }

INLINE zmm load64(const void *p) { return _mm512_loadu_si512(p); }

INLINE zmm xor3(zmm a, zmm b, zmm c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }

INLINE zmm reverse_mask(void) { return _mm512_broadcast_i32x4(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)); }

INLINE zmm reverse(zmm blocks) { return _mm512_shuffle_epi8(blocks, reverse_mask()); }

INLINE struct product no_product(void) {
    zmm zero = _mm512_setzero_si512();
    return (struct product){zero, zero, zero};
}

/* sum += blocks * powers, lane by lane. */
INLINE void multiply_add(struct product *sum, zmm blocks, zmm powers) {
    sum->low = _mm512_xor_si512(sum->low, _mm512_clmulepi64_epi128(blocks, powers, 0x00));
    sum->high = _mm512_xor_si512(sum->high, _mm512_clmulepi64_epi128(blocks, powers, 0x11));
    sum->middle = xor3(sum->middle, _mm512_clmulepi64_epi128(blocks, powers, 0x01), _mm512_clmulepi64_epi128(blocks, powers, 0x10));
}

INLINE zmm polynomial(void) { return _mm512_broadcast_i32x4(_mm_set_epi64x((long long)0xc200000000000000ULL, 1)); }

/* The two steps of a reduction; the main loop spreads them between AES rounds. */
INLINE zmm reduce_low(zmm low, zmm middle) {
    return xor3(middle, _mm512_shuffle_epi32(low, 0x4e), _mm512_clmulepi64_epi128(polynomial(), low, 0x01));
}

INLINE zmm reduce_middle(zmm middle, zmm high) {
    return xor3(high, _mm512_shuffle_epi32(middle, 0x4e), _mm512_clmulepi64_epi128(polynomial(), middle, 0x01));
}

INLINE zmm reduce(struct product sum) { return reduce_middle(reduce_low(sum.low, sum.middle), sum.high); }

/* XOR of the four lanes. */
INLINE xmm fold_lanes(zmm z) {
    __m256i y = _mm256_xor_si256(_mm512_castsi512_si256(z), _mm512_extracti64x4_epi64(z, 1));
    return _mm_xor_si128(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
}

/* Mask of the first n octets of 64; n may be negative or above 64. */
INLINE __mmask64 first_octets(long n) { return n >= 64 ? ~0ULL : n <= 0 ? 0 : _bzhi_u64(~0ULL, (unsigned)n); }

#endif
