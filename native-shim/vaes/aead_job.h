/* What crosses the border between C# and C. Twin of Appliance.Crypto.AeadJob and KeyBlock; tests/Crypto.Tests compares sizes and offsets. */
#ifndef AEAD_JOB_H
#define AEAD_JOB_H

#include <stdint.h>

/* Expanded key of one SA, 16-byte aligned. */
struct key_block {
    uint8_t round_keys[15][16]; /* AES, 11 or 15 of them */
    uint32_t salt;              /* first 4 octets of every nonce */
    uint8_t zero[12];
    uint8_t powers[32][16];     /* GHASH key H^32 .. H^1, bit-reflected and times x */
};

/* One packet. */
struct aead_job {
    const struct key_block *key;
    uint8_t *data;       /* in place; for GMAC the explicit IV and the payload after it */
    const uint8_t *iv;   /* 8 octets */
    uint8_t *tag;        /* 16 octets: written or read */
    uint32_t length;     /* octets of data */
    uint8_t aad_length;  /* 8, or 12 with ESN */
    uint8_t key_length;  /* 16 or 32 */
    uint16_t index;      /* the caller's */
    uint64_t aad0;       /* AAD, as in memory */
    uint32_t aad1;       /* read only when aad_length is 12 */
    uint32_t ok;         /* 1: tag matched, or was written */
    uint64_t reserved;
};

_Static_assert(sizeof(struct key_block) == 768, "key block");
_Static_assert(sizeof(struct aead_job) == 64, "job");

#endif
