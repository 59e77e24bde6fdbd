// OCTET_SANITIZED_MEMORY: 1 where a sanitizer brings its own malloc and operator new, which a test cannot replace.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OCTET_SANITIZED_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OCTET_SANITIZED_MEMORY 1
#endif
#endif
#ifndef OCTET_SANITIZED_MEMORY
#define OCTET_SANITIZED_MEMORY 0
#endif
