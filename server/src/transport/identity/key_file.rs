//! The file of the server's key: a line with the id of the data directory, then the key in PEM,
//! whose readers skip what precedes it.

use std::path::Path;

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};

use super::{IdentityError, KEY_FILE, read, write};
use cairn_store::disk::Disk;
use cairn_store::files::directory_id::DirectoryId;

/// The first word of the line before the key.
const DIRECTORY_WORD: &str = "directory";

/// The beginning of the key.
const KEY_BEGIN: &str = "-----BEGIN";

#[derive(Debug)]
pub(super) struct Loaded {
    key: KeyPair,
    /// Versions before format 3 wrote none.
    has_directory: bool,
}

impl Loaded {
    /// Returns the key, and adds the id of the data directory to a file without one.
    pub(super) fn mark(
        self,
        disk: &dyn Disk,
        dir: &Path,
        directory: DirectoryId,
    ) -> Result<KeyPair, IdentityError> {
        if !self.has_directory {
            save(disk, dir, &self.key, directory)?;
        }
        Ok(self.key)
    }
}

/// Loads the key of this data directory.
pub(super) fn load(
    disk: &dyn Disk,
    dir: &Path,
    directory: DirectoryId,
) -> Result<Loaded, IdentityError> {
    let path = dir.join(KEY_FILE);
    let Some(bytes) = read(disk, &path)? else {
        return Err(IdentityError::Missing(path));
    };
    let Some((found, key)) = parse(bytes) else {
        return Err(IdentityError::Damaged(path));
    };
    match found {
        Some(found) if found != directory => Err(IdentityError::Foreign {
            path,
            found,
            expected: directory,
        }),
        _ => Ok(Loaded {
            key,
            has_directory: found.is_some(),
        }),
    }
}

/// Creates a key in place of whatever there is.
pub(super) fn create(
    disk: &dyn Disk,
    dir: &Path,
    directory: DirectoryId,
) -> Result<KeyPair, IdentityError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    save(disk, dir, &key, directory)?;
    Ok(key)
}

fn save(
    disk: &dyn Disk,
    dir: &Path,
    key: &KeyPair,
    directory: DirectoryId,
) -> Result<(), IdentityError> {
    let text = format!("{DIRECTORY_WORD} {directory}\n{}", key.serialize_pem());
    write(disk, &dir.join(KEY_FILE), text.as_bytes())
}

fn parse(bytes: Vec<u8>) -> Option<(Option<DirectoryId>, KeyPair)> {
    let text = String::from_utf8(bytes).ok()?;
    let (head, pem) = text.split_at(text.find(KEY_BEGIN)?);
    let directory = match head.trim() {
        "" => None,
        line => Some(line.strip_prefix(DIRECTORY_WORD)?.trim().parse().ok()?),
    };
    Some((directory, KeyPair::from_pem(pem).ok()?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cairn_store::disk::real::RealDisk;

    use super::*;

    const OURS: DirectoryId = DirectoryId::from_bytes([0xA7; 16]);
    const THEIRS: DirectoryId = DirectoryId::from_bytes([0xB8; 16]);

    #[test]
    fn key_of_another_directory_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        create(&RealDisk, dir.path(), THEIRS).unwrap();
        let error = load(&RealDisk, dir.path(), OURS).unwrap_err();
        assert!(
            matches!(error, IdentityError::Foreign { found, expected, .. }
                if found == THEIRS && expected == OURS)
        );
    }

    #[test]
    fn key_without_a_directory_gets_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(KEY_FILE);
        let key = create(&RealDisk, dir.path(), OURS).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, key.serialize_pem()).unwrap();
        let loaded = load(&RealDisk, dir.path(), OURS).unwrap();
        let marked = loaded.mark(&RealDisk, dir.path(), OURS).unwrap();
        assert_eq!(marked.serialize_pem(), key.serialize_pem());
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
    }

    #[test]
    fn every_flip_before_the_key_is_detected() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(KEY_FILE);
        create(&RealDisk, dir.path(), OURS).unwrap();
        let whole = fs::read(&path).unwrap();
        for at in 0..format!("{DIRECTORY_WORD} {OURS}").len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, flipped).unwrap();
            let error = load(&RealDisk, dir.path(), OURS).unwrap_err();
            assert!(
                matches!(
                    error,
                    IdentityError::Foreign { .. } | IdentityError::Damaged(_)
                ),
                "byte {at}: {error}"
            );
        }
    }
}
