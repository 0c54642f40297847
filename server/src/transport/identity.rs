//! The server's identity: a self-made key that clients pin, and the secret that lets QUIC's keys
//! survive a restart.

mod key_file;
mod permissions;

use std::io;
use std::path::{Path, PathBuf};

use cairn_proto::secret::Pin;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tracing::warn;

pub use self::permissions::{PermissionProblem, permission_problems};
use crate::host::Random;
use cairn_store::disk::Disk;
use cairn_store::disk::real::RealDisk;
use cairn_store::files::directory_id::DirectoryId;
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
        "{} is missing, and the server is in use: restore it from a backup",
        .0.display()
    )]
    Missing(PathBuf),
    /// No new key is created, as that would lock every client out.
    #[error("{} is damaged: restore it from a backup", .0.display())]
    Damaged(PathBuf),
    /// Its first line names another data directory.
    #[error(
        "{} belongs to data directory {found}, and the trees to {expected}: restore all parts of \
         the data directory from one backup",
        .path.display()
    )]
    Foreign {
        path: PathBuf,
        found: DirectoryId,
        expected: DirectoryId,
    },
    #[error("{} is sound: it is not replaced", .0.display())]
    Sound(PathBuf),
    #[error("cannot create a key or a certificate: {0}")]
    Key(#[from] rcgen::Error),
    #[error("the system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

const QUIC_SECRET_BYTES: usize = 32;

impl Identity {
    /// Loads the identity from `<data>/identity`. On an unused directory, without a user or an
    /// invite, no client knows the key, so a missing or damaged one is created again: a first start
    /// may have been interrupted at any point.
    pub(crate) fn open(
        disk: &dyn Disk,
        random: &Random,
        data: &Path,
        directory: DirectoryId,
        is_unused: bool,
    ) -> Result<Self, IdentityError> {
        let dir = dir_of(data);
        create_dir(disk, &dir)?;
        let key = match key_file::load(disk, &dir, directory) {
            Err(IdentityError::Missing(_) | IdentityError::Damaged(_)) if is_unused => {
                key_file::create(disk, &dir, directory)?
            }
            loaded => loaded?.mark(disk, &dir, directory)?,
        };
        let quic_secret = load_or_create_quic_secret(disk, random, &dir, is_unused)?;
        permissions::narrow(data);
        Ok(Self { key, quic_secret })
    }

    /// SHA-256 of the public key, which clients pin.
    #[must_use]
    pub(crate) fn pin(&self) -> Pin {
        pin_of(&self.key)
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

/// Checks that the key of a server in use can be loaded. Changes nothing.
///
/// # Errors
///
/// As a start of the server: [`IdentityError::Missing`], [`IdentityError::Damaged`] and
/// [`IdentityError::Foreign`].
pub fn check(data: &Path, directory: DirectoryId) -> Result<(), IdentityError> {
    key_file::load(&RealDisk, &dir_of(data), directory).map(drop)
}

/// Creates a new key in place of a lost one, and returns its pin, which no client knows yet. A
/// damaged key is kept in `<data>/aside`. The caller must hold the directory's lock.
///
/// # Errors
///
/// [`IdentityError::Sound`] if the key is not lost.
pub fn replace_lost_key(data: &Path, directory: DirectoryId) -> Result<Pin, IdentityError> {
    let dir = dir_of(data);
    create_dir(&RealDisk, &dir)?;
    match key_file::load(&RealDisk, &dir, directory) {
        Ok(_) => return Err(IdentityError::Sound(dir.join(KEY_FILE))),
        Err(IdentityError::Missing(_)) => {}
        Err(IdentityError::Damaged(path)) => {
            let aside = data.join("aside");
            create_dir(&RealDisk, &aside)?;
            let renamed = RealDisk.rename(&path, &aside.join(KEY_FILE));
            // Before the new key: a power cut must leave one of them.
            let renamed = renamed.and_then(|()| RealDisk.sync_dir(&aside));
            renamed.map_err(|source| io_at(&path, source))?;
        }
        Err(other) => return Err(other),
    }
    Ok(pin_of(&key_file::create(&RealDisk, &dir, directory)?))
}

const KEY_FILE: &str = "key.pem";
const QUIC_SECRET_FILE: &str = "quic-secret";

fn dir_of(data: &Path) -> PathBuf {
    data.join("identity")
}

fn pin_of(key: &KeyPair) -> Pin {
    Pin::new(Sha256::digest(key.subject_public_key_info()).into())
}

/// A lost secret is replaced: without it, clients notice the next restart only after the idle
/// timeout.
fn load_or_create_quic_secret(
    disk: &dyn Disk,
    random: &Random,
    dir: &Path,
    is_unused: bool,
) -> Result<[u8; QUIC_SECRET_BYTES], IdentityError> {
    let path = dir.join(QUIC_SECRET_FILE);
    if let Some(secret) = read(disk, &path)?.and_then(|bytes| bytes.try_into().ok()) {
        return Ok(secret);
    }
    if !is_unused {
        warn!(
            file = %path.display(),
            "the file was missing or damaged and is created again; clients that are connected \
             notice this restart late"
        );
    }
    let mut secret = [0; QUIC_SECRET_BYTES];
    random.fill(&mut secret)?;
    write(disk, &path, &secret)?;
    Ok(secret)
}

fn io_at(path: &Path, source: io::Error) -> IdentityError {
    IdentityError::Io {
        path: path.to_owned(),
        source,
    }
}

fn create_dir(disk: &dyn Disk, dir: &Path) -> Result<(), IdentityError> {
    durable::create_dir(disk, dir).map_err(|source| io_at(dir, source))
}

/// Returns the bytes of a file, if there is one.
fn read(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<u8>>, IdentityError> {
    match disk.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_at(path, error)),
    }
}

fn write(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), IdentityError> {
    durable::write_file(disk, path, bytes).map_err(|source| io_at(path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIRECTORY: DirectoryId = DirectoryId::from_bytes([7; 16]);

    fn open(data: &Path, is_unused: bool) -> Result<Identity, IdentityError> {
        Identity::open(&RealDisk, &Random::System, data, DIRECTORY, is_unused)
    }

    fn key_path(dir: &tempfile::TempDir) -> PathBuf {
        dir.path().join("identity/key.pem")
    }

    #[test]
    fn identity_survives_restart() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path(), true).unwrap();
        let second = open(dir.path(), false).unwrap();
        assert_eq!(first.pin(), second.pin());
        assert_eq!(first.quic_secret(), second.quic_secret());
        assert!(first.certificate().is_ok());
    }

    #[test]
    fn lost_key_of_a_used_directory_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = key_path(&dir);
        assert!(matches!(
            open(dir.path(), false),
            Err(IdentityError::Missing(named)) if named == path
        ));
        std::fs::write(&path, "no key").unwrap();
        assert!(matches!(
            open(dir.path(), false),
            Err(IdentityError::Damaged(named)) if named == path
        ));
        assert_eq!(std::fs::read(&path).unwrap(), b"no key");
        open(dir.path(), true).unwrap();
    }

    #[test]
    fn only_a_lost_key_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path(), true).unwrap();
        assert!(matches!(
            replace_lost_key(dir.path(), DIRECTORY),
            Err(IdentityError::Sound(_))
        ));
        std::fs::write(key_path(&dir), "no key").unwrap();
        let pin = replace_lost_key(dir.path(), DIRECTORY).unwrap();
        assert_ne!(pin, first.pin());
        assert_eq!(open(dir.path(), false).unwrap().pin(), pin);
        assert_eq!(
            std::fs::read(dir.path().join("aside/key.pem")).unwrap(),
            b"no key"
        );
    }

    #[test]
    fn lost_quic_secret_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path(), true).unwrap();
        let path = dir.path().join("identity/quic-secret");
        std::fs::write(&path, [7; 31]).unwrap();
        let second = open(dir.path(), false).unwrap();
        assert_eq!(first.pin(), second.pin());
        assert_ne!(second.quic_secret()[..31], [7; 31]);
        std::fs::remove_file(&path).unwrap();
        let third = open(dir.path(), false).unwrap();
        assert_ne!(second.quic_secret(), third.quic_secret());
        assert_eq!(std::fs::read(&path).unwrap(), third.quic_secret());
    }
}
