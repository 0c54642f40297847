//! Passwords: argon2id on the blocking pool, one hash per core at a time.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use cairn_proto::text::Password;

use crate::fairness::hash_queue::HashPermit;

// The minimum that OWASP's password storage guide recommends for argon2id.
pub(crate) const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

const SALT_BYTES: usize = 16;

impl HashPermit {
    /// Hashes a new password to a PHC string.
    pub(crate) async fn hash(self, password: Password) -> Option<Box<str>> {
        let (mut salt, kib) = ([0; SALT_BYTES], self.host().hash_kib);
        self.host().random.fill(&mut salt).ok()?;
        self.spend(move || {
            let hasher = hasher(kib)?;
            let hash: PasswordHash = hasher
                .hash_password_with_salt(password.as_str().as_bytes(), &salt)
                .ok()?;
            Some(hash.to_string().into_boxed_str())
        })
        .await
    }

    /// Returns whether the password matches the hash. Without a hash it takes as long and returns
    /// `false`, so that timing does not reveal which accounts exist.
    pub(crate) async fn matches(self, password: Password, hash: Option<Box<str>>) -> bool {
        // Earlier versions hashed what was typed.
        let typed = password.decomposed();
        let kib = self.host().hash_kib;
        let forms = [Some(password.as_str().to_owned()), typed];
        let work = move || {
            let mut forms = forms.into_iter().flatten();
            forms.find_map(|form| match &hash {
                Some(hash) => verify(&form, hash, kib),
                None => hash_in_vain(&form, kib),
            })
        };
        self.spend(work).await.is_some()
    }

    /// Holds the permit until the work is done, even if the caller is gone.
    async fn spend<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Option<T> + Send + 'static,
    ) -> Option<T> {
        let blocking = self.host().blocking;
        let (done, _permit) = blocking.run(move || (work(), self)).await.ok()?;
        done
    }
}

/// Returns how many hashes may run at a time: each takes [`MEMORY_KIB`] and tens of milliseconds of
/// a core, so a flood of logins must not start them all at once.
pub(crate) fn concurrent_hashes() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

fn verify(password: &str, hash: &str, kib: u32) -> Option<()> {
    let hash = PasswordHash::new(hash).ok()?;
    hasher(kib)?
        .verify_password(password.as_bytes(), &hash)
        .ok()
}

fn hash_in_vain(password: &str, kib: u32) -> Option<()> {
    let mut out = [0; 32];
    hasher(kib)?
        .hash_password_into(password.as_bytes(), b"a fixed salt", &mut out)
        .ok()?;
    None
}

fn hasher(kib: u32) -> Option<Argon2<'static>> {
    let params = Params::new(kib, PASSES, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::fairness::hash_queue::HashQueue;
    use crate::host::Host;
    use crate::principal::Principal;

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let queue = HashQueue::new(&Host::real(), concurrent_hashes());
        let permit = async || {
            let address = Principal::at(Ipv4Addr::LOCALHOST.into());
            queue.permit(address, true).await.unwrap()
        };
        let right = Password::new("correct horse").unwrap();
        let wrong = Password::new("battery staple").unwrap();
        let hash = permit().await.hash(right.clone()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(
            permit()
                .await
                .matches(right.clone(), Some(hash.clone()))
                .await
        );
        assert!(!permit().await.matches(wrong, Some(hash)).await);
        assert!(!permit().await.matches(right, None).await);
        // The hash of an earlier version, of what was typed.
        let typed = "cafe\u{301} socie\u{301}te\u{301}";
        let old: PasswordHash = hasher(MEMORY_KIB)
            .unwrap()
            .hash_password(typed.as_bytes())
            .unwrap();
        let old = Some(old.to_string().into_boxed_str());
        let again = Password::new("caf\u{e9} soci\u{e9}t\u{e9}").unwrap();
        assert!(permit().await.matches(again, old.clone()).await);
        let other = Password::new("cafe societe").unwrap();
        assert!(!permit().await.matches(other, old).await);
    }
}
