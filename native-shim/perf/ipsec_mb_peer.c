/*
 * Intel's ipsec-mb as the crypto suite measures it: its direct AES-GCM interface over a batch of packets, ESP header in front (SPI, sequence number, IV) and tag behind.
 * Nonces are built 32 packets before they are loaded, since a wide load right after narrow stores would stall it: that is the fair bar.
 */
#include <intel-ipsec-mb.h>
#include <string.h>

enum { AHEAD = 32, HEADER = 16, TAG = 16 };

#define EXPORT __attribute__((visibility("default")))

static IMB_MGR *manager;
static struct gcm_key_data keys[2] __attribute__((aligned(64)));

/* Expands one key for both key lengths. Returns the library's version, or null when it does not run here. */
EXPORT const char *peer_start(const uint8_t key[32]) {
    manager = alloc_mb_mgr(0);
    if (!manager)
        return 0;
    init_mb_mgr_auto(manager, 0);
    IMB_AES128_GCM_PRE(manager, key, &keys[0]);
    IMB_AES256_GCM_PRE(manager, key, &keys[1]);
    return imb_get_version_str();
}

static inline __attribute__((always_inline)) long run(const int aes256, const int decrypt, uint8_t *packet, long stride, long length, long count, uint32_t salt) {
    uint8_t nonces[AHEAD][16] __attribute__((aligned(64)));
    struct gcm_context_data context;
    long good = 0;
    for (long done = 0; done < count; done += AHEAD) {
        long batch = count - done < AHEAD ? count - done : AHEAD;
        for (long i = 0; i < batch; i++) {
            memcpy(nonces[i], &salt, 4);
            memcpy(nonces[i] + 4, packet + i * stride + 8, 8);
        }
        for (long i = 0; i < batch; i++, packet += stride) {
            uint8_t *data = packet + HEADER, *tag = data + length, computed[TAG];
            if (decrypt) {
                if (aes256)
                    IMB_AES256_GCM_DEC(manager, &keys[1], &context, data, data, length, nonces[i], packet, 8, computed, TAG);
                else
                    IMB_AES128_GCM_DEC(manager, &keys[0], &context, data, data, length, nonces[i], packet, 8, computed, TAG);
                good += memcmp(computed, tag, TAG) == 0;
            } else if (aes256)
                IMB_AES256_GCM_ENC(manager, &keys[1], &context, data, data, length, nonces[i], packet, 8, tag, TAG);
            else
                IMB_AES128_GCM_ENC(manager, &keys[0], &context, data, data, length, nonces[i], packet, 8, tag, TAG);
        }
    }
    return decrypt ? good : count;
}

/* Runs over `count` packets; returns how many tags were right. */
EXPORT long peer_run(int aes256, int decrypt, uint8_t *packets, long stride, long length, long count, uint32_t salt) {
    if (aes256)
        return decrypt ? run(1, 1, packets, stride, length, count, salt) : run(1, 0, packets, stride, length, count, salt);
    return decrypt ? run(0, 1, packets, stride, length, count, salt) : run(0, 0, packets, stride, length, count, salt);
}
