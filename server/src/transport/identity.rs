//! The server's identity: a self-made key that clients pin, and the secret that lets QUIC's keys
//! survive a restart.

use std::io;
use std::path::{Path, PathBuf};

use cairn_proto::secret::Pin;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256,
    PublicKeyData as _,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};

use cairn_store::disk::real::RealDisk;
use cairn_store::files::durable;

#[derive(Debug)]
pub(crate) struct Identity {
    key: KeyPair,
    quic_secret: [u8; QUIC_SECRET_BYTES],
}

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("cannot use {}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    /// No new key is created, as that would lock every client out.
    #[error(
        "{} is damaged: restore it from a backup, or every client must be invited again",
        .0.display()
    )]
    Damaged(PathBuf),
    #[error("cannot create a key or a certificate: {0}")]
    Key(#[from] rcgen::Error),
    #[error("the system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

const QUIC_SECRET_BYTES: usize = 32;

impl Identity {
    /// Loads the identity from `<data>/identity`, or creates one.
    pub(crate) fn open(data: &Path) -> Result<Self, IdentityError> {
        let dir = data.join("identity");
        durable::create_dir(&RealDisk, &dir).map_err(|source| IdentityError::Io {
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

    /// SHA-256 of the public key, which clients pin.
    #[must_use]
    pub(crate) fn pin(&self) -> Pin {
        Pin::new(Sha256::digest(self.key.subject_public_key_info()).into())
    }

    /// Creates a self-signed certificate. Only its key matters.
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

    /// The secret from which QUIC's reset, token and connection id keys are derived. It survives
    /// restarts, so that clients notice one at once instead of after the idle timeout.
    #[must_use]
    pub(crate) const fn quic_secret(&self) -> &[u8; QUIC_SECRET_BYTES] {
        &self.quic_secret
    }
}

fn load_or_create(
    path: &Path,
    create: impl FnOnce() -> Result<Vec<u8>, IdentityError>,
) -> Result<Vec<u8>, IdentityError> {
    let io = |source| IdentityError::Io {
        path: path.to_owned(),
        source,
    };
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let bytes = create()?;
            durable::write_file(&RealDisk, path, &bytes).map_err(io)?;
            Ok(bytes)
        }
        Err(error) => Err(io(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_survives_restart() {
        let dir = tempfile::tempdir().unwrap();
        let first = Identity::open(dir.path()).unwrap();
        let second = Identity::open(dir.path()).unwrap();
        assert_eq!(first.pin(), second.pin());
        assert_eq!(first.quic_secret(), second.quic_secret());
        assert!(first.certificate().is_ok());
    }

    #[test]
    fn damaged_key_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        Identity::open(dir.path()).unwrap();
        let path = dir.path().join("identity/key.pem");
        std::fs::write(&path, "no key").unwrap();
        assert!(matches!(
            Identity::open(dir.path()),
            Err(IdentityError::Damaged(named)) if named == path
        ));
        assert_eq!(std::fs::read(&path).unwrap(), b"no key");
    }
}
