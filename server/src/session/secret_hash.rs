//! Tokens are stored as their SHA-256: 128 random bits or more need no slow hash.

use cairn_core::record::SecretHash;
use sha2::{Digest as _, Sha256};

pub(crate) fn secret_hash(secret: &[u8]) -> SecretHash {
    SecretHash(Sha256::digest(secret).into())
}
