// The digests of OpenSSL's libcrypto.
#ifndef SOUNDER_CCRYPTO_H
#define SOUNDER_CCRYPTO_H

#include <openssl/evp.h>

#endif
