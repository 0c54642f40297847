//! Who the server is, without any authority: a key of its own, made at the first start, and the
//! secrets that QUIC needs to outlive a restart.

use std::io;
use std::path::{Path, PathBuf};

use cairn_proto::secret::Pin;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256,
    PublicKeyData as _,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};

use cairn_store::files::durable;

/// The key that clients pin, and the secret from which QUIC's keys come.
#[derive(Debug)]
pub(crate) struct Identity {
    key: KeyPair,
    quic_secret: [u8; QUIC_SECRET_BYTES],
}

/// Why the server has no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file of it cannot be read or written.
    #[error("cannot use {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of it is damaged. A new key would lock every client out, so none is made.
    #[error("{} is damaged: restore it from a backup, or every client must be invited anew", .0.display())]
    Damaged(PathBuf),
    /// The key cannot be used.
    #[error("cannot make a key or a certificate: {0}")]
    Key(#[from] rcgen::Error),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

const QUIC_SECRET_BYTES: usize = 32;

impl Identity {
    /// Reads the identity in `<data>/identity`, or makes one where there is none.
    ///
    /// # Errors
    /// When it cannot be read, written or used.
    pub(crate) fn open(data: &Path) -> Result<Self, IdentityError> {
        let dir = data.join("identity");
        durable::create_dir(&dir).map_err(|source| IdentityError::Io {
            path: dir.clone(),
            source,
        })?;
        let key_path = dir.join("key.pem");
        let pem = load_or_create(&key_path, || {
            Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?
                .serialize_pem()
                .into_bytes())
        })?;
        let pem = String::from_utf8(pem).ok();
        let key = pem
            .and_then(|pem| KeyPair::from_pem(&pem).ok())
            .ok_or(IdentityError::Damaged(key_path))?;
        let secret_path = dir.join("quic-secret");
        let quic_secret = load_or_create(&secret_path, || {
            let mut secret = vec![0; QUIC_SECRET_BYTES];
            getrandom::fill(&mut secret)?;
            Ok(secret)
        })?;
        let quic_secret = quic_secret
            .try_into()
            .map_err(|_| IdentityError::Damaged(secret_path))?;
        Ok(Self { key, quic_secret })
    }

    /// SHA-256 of the public key: what clients pin.
    #[must_use]
    pub(crate) fn pin(&self) -> Pin {
        Pin::new(Sha256::digest(self.key.subject_public_key_info()).into())
    }

    /// A self-signed certificate for the key. It only carries the key: what it says beside has no
    /// meaning.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub(crate) fn certificate(
        &self,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), IdentityError> {
        let mut params = CertificateParams::new(vec!["cairn".to_owned()])?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "cairn");
        let certificate = params.self_signed(&self.key)?;
        let key = PrivateKeyDer::try_from(self.key.serialize_der())
            .map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
        Ok((certificate.der().clone(), key))
    }

    /// The secret from which QUIC's reset, token and connection id keys come. That it stays the
    /// same lets clients notice a restart at once instead of after the idle timeout.
    #[must_use]
    pub(crate) const fn quic_secret(&self) -> &[u8; QUIC_SECRET_BYTES] {
        &self.quic_secret
    }
}

fn load_or_create(
    path: &Path,
    make: impl FnOnce() -> Result<Vec<u8>, IdentityError>,
) -> Result<Vec<u8>, IdentityError> {
    let io = |source| IdentityError::Io {
        path: path.to_owned(),
        source,
    };
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let bytes = make()?;
            durable::write_file(path, &bytes).map_err(io)?;
            Ok(bytes)
        }
        Err(error) => Err(io(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_outlives_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let first = Identity::open(dir.path()).unwrap();
        let second = Identity::open(dir.path()).unwrap();
        assert_eq!(first.pin(), second.pin());
        assert_eq!(first.quic_secret(), second.quic_secret());
        assert!(first.certificate().is_ok());
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        Identity::open(dir.path()).unwrap();
        let path = dir.path().join("identity/key.pem");
        std::fs::write(&path, "no key").unwrap();
        assert!(
            matches!(Identity::open(dir.path()), Err(IdentityError::Damaged(named)) if named == path)
        );
        assert_eq!(std::fs::read(&path).unwrap(), b"no key");
    }
}
