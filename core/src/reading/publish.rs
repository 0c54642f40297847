//! Publishing: what an update shows, read from the state as the update is decided.

use cairn_proto::ids::{ConversationId, DeviceId, Revision, SendStreamId, UserId};
use cairn_proto::wire::event::AccountUpdate;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::update::Update;
use crate::state::State;

impl State {
    /// Publishes a new membership.
    pub(crate) fn publish_joined(
        &self,
        conversation: ConversationId,
        user: UserId,
        batch: &mut Batch,
    ) {
        // No device has acked anything in a conversation that is new to its user.
        let actor = of_device(user, DeviceId::new(0));
        if let Some(feed) = self.feed(actor, conversation)
            && let Some(summary) = self.summary(actor, conversation)
        {
            batch.publish(Update::Joined {
                user,
                position: feed.position,
                summary: Box::new(summary),
            });
        }
    }

    /// Publishes a changed role or setting of a member to each of their devices, which have
    /// delivered cursors of their own.
    pub(crate) fn publish_changed(
        &self,
        conversation: ConversationId,
        user: UserId,
        batch: &mut Batch,
    ) {
        let devices = self
            .user(user)
            .into_iter()
            .flat_map(|user| user.devices.keys());
        for &device in devices {
            if let Some(summary) = self.summary(of_device(user, device), conversation) {
                batch.publish(Update::Changed {
                    user,
                    device,
                    summary: Box::new(summary),
                });
            }
        }
    }

    /// Publishes a member's read cursor.
    pub(crate) fn publish_read(
        &self,
        conversation: ConversationId,
        user: UserId,
        batch: &mut Batch,
    ) {
        if let Ok((found, member)) = self.membership(user, conversation) {
            batch.publish(Update::Read {
                user,
                conversation,
                read: member.record.own_read(),
                head: found.record.head,
            });
        }
    }
}

/// Publishes a change of a user's account.
pub(crate) fn publish_account(user: UserId, update: AccountUpdate, batch: &mut Batch) {
    batch.publish(Update::Account {
        user,
        update: Box::new(update),
    });
}

const fn of_device(user: UserId, device: DeviceId) -> Actor {
    Actor {
        user,
        device,
        stream: SendStreamId::new(0),
        stream_began: Revision::MAX,
    }
}
