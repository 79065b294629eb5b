/*
 * AES-GCM of one packet. Blocks are numbered so that a block's number is its counter:
 *
 *   0  nothing       1  AAD in GHASH; its key stream masks the tag       2 ..  data       last + 1  the two lengths, in GHASH only
 *
 * So counters are constants XORed onto the nonce, the tag's mask comes out of the first AES batch, and the powers of H that a run of blocks needs stand in one row.
 * Memory at "block 0" is 32 octets before the data; masked loads and stores never touch what is outside the data.
 *
 * `rounds` (10 or 14), `decrypt` and `n` are constants at every call: each combination becomes its own straight code.
 */
#ifndef GCM_H
#define GCM_H

#include "aead_job.h"
#include "gf128.h"

enum { GROUP = 16 }; /* blocks of a main-loop turn: four registers */

struct packet {
    const struct key_block *key;
    zmm nonce;      /* in all lanes, counter zero, not masked by a round key */
    zmm first_key;  /* round key 0 */
    xmm aad;        /* AAD block */
    zmm lengths;    /* length block, byte-reversed, in all lanes */
    uint8_t *at;    /* memory of the next block */
    long octets;    /* from `at` to the end of the data */
    long blocks;    /* from `at` to the end of the data */
};

INLINE struct packet packet_of(const struct aead_job *job) {
    struct packet p;
    uint64_t iv;
    __builtin_memcpy(&iv, job->iv, sizeof iv);
    p.key = job->key;
    p.nonce = _mm512_broadcast_i32x4(_mm_set_epi32(0, (int)(iv >> 32), (int)iv, (int)p.key->salt));
    p.first_key = all_lanes(p.key->round_keys[0]);
    p.aad = _mm_set_epi64x(job->aad_length > 8 ? job->aad1 : 0, (long long)job->aad0);
    p.lengths = _mm512_broadcast_i32x4(_mm_set_epi64x(8LL * job->aad_length, 8LL * job->length));
    p.at = job->data - 32;
    p.octets = (long)job->length + 32;
    p.blocks = (p.octets + 15) >> 4;
    return p;
}

/* Counters 4i .. 4i+3, big-endian in the last four octets of each lane. */
INLINE zmm counters(int i) {
    return _mm512_set_epi64((long long)((uint64_t)(4 * i + 3) << 56), 0, (long long)((uint64_t)(4 * i + 2) << 56), 0,
                            (long long)((uint64_t)(4 * i + 1) << 56), 0, (long long)((uint64_t)(4 * i) << 56), 0);
}

/* Key stream of n registers of blocks; `base` is nonce and counter of the first, masked by round key 0. */
INLINE void key_stream(const struct key_block *key, const int rounds, zmm base, const int n, zmm *state) {
    for (int i = 0; i < n; i++)
        state[i] = _mm512_xor_si512(base, counters(i));
    for (int round = 1; round < rounds; round++) {
        zmm round_key = all_lanes(key->round_keys[round]);
        for (int i = 0; i < n; i++)
            state[i] = _mm512_aesenc_epi128(state[i], round_key);
    }
    zmm last_key = all_lanes(key->round_keys[rounds]);
    for (int i = 0; i < n; i++)
        state[i] = _mm512_aesenclast_epi128(state[i], last_key);
}

/* Crypts the octets of one register in place and returns what GHASH is to see of them: the ciphertext, byte-reversed, zero where there is no data. */
INLINE zmm crypt_masked(uint8_t *at, __mmask64 mask, zmm stream, const int decrypt, const int first, xmm aad) {
    zmm input = _mm512_maskz_loadu_epi8(mask, at);
    zmm output = _mm512_maskz_mov_epi8(mask, _mm512_xor_si512(input, stream));
    _mm512_mask_storeu_epi8(at, mask, output);
    zmm ciphertext = decrypt ? input : output;
    if (first)
        ciphertext = _mm512_inserti32x4(ciphertext, aad, 1);
    return reverse(ciphertext);
}

/* Blocks 0 and 1 are not data. */
#define DATA_OF_FIRST_REGISTER (~0xffffffffULL)

/*
 * The last n registers of a packet (all of a short one): crypt, put the length block behind, and finish GHASH. `sum` and `hash` are what came before; `hash` is still to be
 * multiplied, so it goes into the first block here.
 */
INLINE xmm finish(const struct packet *p, const int rounds, const int decrypt, const int n, const int first, zmm base, struct product sum, zmm hash, xmm *mask_of_tag) {
    zmm stream[8];
    key_stream(p->key, rounds, base, n, stream);
    if (first)
        *mask_of_tag = _mm512_extracti32x4_epi32(stream[0], 1);

    const uint8_t *powers = p->key->powers[32 - (p->blocks + 1)];
    uint64_t length_block = (uint64_t)3 << (2 * p->blocks);       /* in 8-octet units: two a block */
    uint64_t used = length_block | (length_block - 1);            /* nothing behind it may be read from the powers */
#pragma GCC unroll 8
    for (int i = 0; i < n; i++) {
        __mmask64 mask = i < n - 1 ? ~0ULL : first_octets(p->octets - 64 * i);
        if (first && i == 0)
            mask = (n == 1 ? mask : ~0ULL) & DATA_OF_FIRST_REGISTER;
        zmm blocks = crypt_masked(p->at + 64 * i, mask, stream[i], decrypt, first && i == 0, p->aad);
        if (!first && i == 0)
            blocks = _mm512_xor_si512(blocks, hash);
        if (i < n - 1)
            multiply_add(&sum, blocks, load64(powers + 64 * i));
        else {
            blocks = _mm512_mask_mov_epi64(blocks, (__mmask8)(length_block >> (8 * i)), p->lengths);
            multiply_add(&sum, blocks, _mm512_maskz_loadu_epi64((__mmask8)(used >> (8 * i)), powers + 64 * i));
        }
    }
    if (n < 8 && length_block >> (8 * n & 63)) { /* the data filled its last register: the length block stands alone */
        zmm blocks = _mm512_zextsi128_si512(_mm512_castsi512_si128(p->lengths));
        if (!first && n == 0)
            blocks = _mm512_xor_si512(blocks, hash);
        multiply_add(&sum, blocks, _mm512_zextsi128_si512(_mm_load_si128((const xmm *)p->key->powers[31])));
    }
    return fold_lanes(reduce(sum));
}

#define FINISH(n, first, base, sum, hash) case n: return finish(p, rounds, decrypt, n, first, base, sum, hash, mask_of_tag)

INLINE xmm crypt_short(const struct packet *p, const int rounds, const int decrypt, xmm *mask_of_tag) {
    zmm base = _mm512_xor_si512(p->nonce, p->first_key), zero = _mm512_setzero_si512();
    struct product none = no_product();
    switch ((p->blocks + 3) >> 2) {
        FINISH(1, 1, base, none, zero);
        FINISH(2, 1, base, none, zero);
        FINISH(3, 1, base, none, zero);
        FINISH(4, 1, base, none, zero);
        FINISH(5, 1, base, none, zero);
        FINISH(6, 1, base, none, zero);
        FINISH(7, 1, base, none, zero);
    default:
        return finish(p, rounds, decrypt, 8, 1, base, none, zero, mask_of_tag);
    }
}

/*
 * A turn: key stream of one group between the multiplications of the group before, which hide each other's latency. On return `group` holds what GHASH is to see next.
 */
INLINE void turn(struct packet *p, const int rounds, const int decrypt, zmm base, zmm group[4]) {
    const struct key_block *key = p->key;
    zmm s[4], data[4], crypted[4];
    struct product sum;
    int round = 1;
    for (int i = 0; i < 4; i++)
        s[i] = _mm512_xor_si512(base, counters(i));

#define ROUND()                                              \
    do {                                                     \
        zmm round_key = all_lanes(key->round_keys[round++]); \
        s[0] = _mm512_aesenc_epi128(s[0], round_key);        \
        s[1] = _mm512_aesenc_epi128(s[1], round_key);        \
        s[2] = _mm512_aesenc_epi128(s[2], round_key);        \
        s[3] = _mm512_aesenc_epi128(s[3], round_key);        \
    } while (0)

    zmm power = all_lanes(key->powers[16]), t; /* Horner's step over 16 blocks: every lane of register i is multiplied by H^(16-4i) */
    ROUND();
    sum.low = _mm512_clmulepi64_epi128(group[0], power, 0x00);
    sum.high = _mm512_clmulepi64_epi128(group[0], power, 0x11);
    ROUND();
    sum.middle = _mm512_xor_si512(_mm512_clmulepi64_epi128(group[0], power, 0x01), _mm512_clmulepi64_epi128(group[0], power, 0x10));
#pragma GCC unroll 3
    for (int i = 1; i < 4; i++) {
        power = all_lanes(key->powers[16 + 4 * i]);
        ROUND();
        sum.low = _mm512_xor_si512(sum.low, _mm512_clmulepi64_epi128(group[i], power, 0x00));
        sum.high = _mm512_xor_si512(sum.high, _mm512_clmulepi64_epi128(group[i], power, 0x11));
        ROUND();
        sum.middle = xor3(sum.middle, _mm512_clmulepi64_epi128(group[i], power, 0x01), _mm512_clmulepi64_epi128(group[i], power, 0x10));
    }
    for (int i = 0; i < 4; i++)
        data[i] = load64(p->at + 64 * i);
    ROUND();
    t = reduce_low(sum.low, sum.middle);
    while (round < rounds)
        ROUND();
#undef ROUND
    zmm hash = reduce_middle(t, sum.high);

    zmm last_key = all_lanes(key->round_keys[rounds]); /* XORing the data into the last round key saves an instruction a register */
    for (int i = 0; i < 4; i++)
        crypted[i] = _mm512_aesenclast_epi128(s[i], _mm512_xor_si512(last_key, data[i]));
    for (int i = 0; i < 4; i++)
        _mm512_storeu_si512(p->at + 64 * i, crypted[i]);
    for (int i = 0; i < 4; i++)
        group[i] = reverse(decrypt ? data[i] : crypted[i]);
    group[0] = _mm512_xor_si512(group[0], hash);
}

INLINE void next_group(struct packet *p) {
    p->at += 16 * GROUP;
    p->octets -= 16 * GROUP;
    p->blocks -= GROUP;
}

/* 32 blocks and more. */
INLINE xmm crypt_long(struct packet *p, const int rounds, const int decrypt, xmm *mask_of_tag) {
    zmm group[4], stream[4], zero = _mm512_setzero_si512();
    const zmm sixteen = _mm512_broadcast_i32x4(_mm_set_epi32(0, 0, 0, GROUP));
    zmm little = reverse(p->nonce); /* byte-reversed, so that the counter can be added to; it does not carry out of 32 bits in a packet */

    key_stream(p->key, rounds, _mm512_xor_si512(p->nonce, p->first_key), 4, stream);
    *mask_of_tag = _mm512_extracti32x4_epi32(stream[0], 1);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        group[i] = crypt_masked(p->at + 64 * i, i == 0 ? DATA_OF_FIRST_REGISTER : ~0ULL, stream[i], decrypt, i == 0, p->aad);
    next_group(p);

    while (p->octets >= 16 * GROUP) {
        little = _mm512_add_epi32(little, sixteen);
        turn(p, rounds, decrypt, _mm512_xor_si512(reverse(little), p->first_key), group);
        next_group(p);
    }

    /* The group in hand takes the powers in front of the last blocks'. When 16 blocks and the lengths are left, 33 powers would be needed: reduce once more instead. */
    const uint8_t *powers = p->key->powers[p->blocks == GROUP ? 16 : 32 - (GROUP + p->blocks + 1)];
    struct product sum = no_product();
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        multiply_add(&sum, group[i], load64(powers + 64 * i));
    zmm hash = zero;
    if (p->blocks == GROUP) {
        hash = _mm512_zextsi128_si512(fold_lanes(reduce(sum)));
        sum = no_product();
    }
    little = _mm512_add_epi32(little, sixteen);
    zmm base = _mm512_xor_si512(reverse(little), p->first_key);
    switch ((p->blocks + 3) >> 2) {
        FINISH(0, 0, base, sum, hash);
        FINISH(1, 0, base, sum, hash);
        FINISH(2, 0, base, sum, hash);
        FINISH(3, 0, base, sum, hash);
    default:
        return finish(p, rounds, decrypt, 4, 0, base, sum, hash, mask_of_tag);
    }
}
#undef FINISH

/* Crypts a packet in place and returns its tag. */
INLINE xmm crypt(const struct aead_job *job, const int rounds, const int decrypt) {
    struct packet p = packet_of(job);
    xmm mask_of_tag, hash = p.blocks < 2 * GROUP ? crypt_short(&p, rounds, decrypt, &mask_of_tag) : crypt_long(&p, rounds, decrypt, &mask_of_tag);
    return _mm_xor_si128(_mm_shuffle_epi8(hash, _mm512_castsi512_si128(reverse_mask())), mask_of_tag);
}

#endif
