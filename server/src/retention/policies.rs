//! Which conversations had their retention policy changed, read from the log.

use std::collections::BTreeSet;
use std::future::{pending, poll_fn};

use cairn_proto::ids::ConversationId;
use cairn_store::followers::{Follow, FollowError, Followed, Follower, Followers, Kinds, Position};
use tracing::error;

use crate::host::Blocking;

pub(super) struct Policies {
    followers: Followers,
    blocking: Blocking,
    /// `None` before the first read and after a failure.
    follower: Option<Follower>,
}

/// Where policies changed.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) conversations: BTreeSet<ConversationId>,
    /// Other changes are only in the trees.
    pub(super) is_anywhere: bool,
}

impl Policies {
    pub(super) fn new(followers: &Followers, blocking: Blocking) -> Self {
        Self {
            followers: followers.clone(),
            blocking,
            follower: None,
        }
    }

    /// Returns what changed since the last call; everything in the log at the first one. Changes
    /// that cannot be read wait for the next round over all conversations.
    pub(super) async fn changed(&mut self) -> Changed {
        let follower = self.follower.take();
        let follower =
            follower.unwrap_or_else(|| self.followers.follow(Position::START, Kinds::RETENTION));
        let failure = match self.blocking.run(move || read(follower)).await {
            Ok(Ok((follower, changed))) => {
                self.follower = Some(follower);
                return changed;
            }
            Ok(Err(failure)) => failure.to_string(),
            Err(failure) => failure.to_string(),
        };
        error!(failure, "cannot follow changes of retention policies");
        Changed::default()
    }

    /// Waits until a policy changes; after a failure, forever.
    pub(super) async fn ready(&mut self) {
        match &mut self.follower {
            Some(follower) => poll_fn(|context| follower.poll_ready(context)).await,
            None => pending().await,
        }
    }
}

/// Reads on to the end of the log. Blocks on the disk.
fn read(mut follower: Follower) -> Result<(Follower, Changed), FollowError> {
    let mut changed = Changed::default();
    loop {
        match follower.read()? {
            Follow::Changes(changes) => {
                changed
                    .conversations
                    .extend(changes.iter().filter_map(policy_of));
            }
            Follow::CaughtUp => return Ok((follower, changed)),
            Follow::Rebuild => changed.is_anywhere = true,
        }
    }
}

fn policy_of(change: &Followed) -> Option<ConversationId> {
    match *change {
        Followed::Retention { conversation } => Some(conversation),
        _ => None,
    }
}
