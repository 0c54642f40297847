//! From effects of the state machine to notices for the hub.

use cairn_core::State;
use cairn_core::api::actor::Actor;
use cairn_core::api::effect::Effect;
use cairn_proto::ids::{ConversationId, DeviceId, SendStreamId, UserId};
use cairn_store::engine::Engine;

use crate::hub::receipts::FocusedConversations;
use crate::sequencer::publication::Notice;

/// Returns the notices of an effect, with the state as of now.
pub(super) fn notices(
    engine: &Engine,
    focused: &FocusedConversations,
    effect: Effect,
) -> Vec<Notice> {
    let state = engine.state();
    let notice = match effect {
        Effect::Joined { conversation, user } => joined(state, conversation, user),
        Effect::Left {
            conversation,
            user,
            last,
        } => Some(Notice::Left {
            user,
            conversation,
            last,
        }),
        Effect::Changed { conversation, user } => return changed(state, conversation, user),
        Effect::Read { conversation, user } => {
            let cursor = state.read_cursor(conversation, user);
            cursor.map(|(read, head)| Notice::Read {
                user,
                conversation,
                read,
                head,
            })
        }
        Effect::Moved { conversation, user } if focused.has(conversation) => state
            .shown_cursors(conversation, user)
            .map(|cursors| Notice::Moved {
                conversation,
                cursors,
            }),
        Effect::Moved { .. } => None,
        Effect::AccountUpdate { user, part } => {
            state
                .account_update(user, part)
                .map(|update| Notice::AccountUpdate {
                    user,
                    part,
                    update: Box::new(update),
                })
        }
        Effect::RetentionSet { conversation } => Some(Notice::RetentionSet { conversation }),
        Effect::FloorRaised { conversation, .. } => Some(Notice::FloorRaised { conversation }),
        Effect::SettingSet => Some(Notice::SettingSet {
            away_after: state.settings().away_after.get(),
        }),
        Effect::Revoked { user, device } => Some(Notice::Revoked { user, device }),
        Effect::Related { user, other } => state.contact(user, other).map(|contact| {
            let contact = Box::new(contact);
            Notice::Related { user, contact }
        }),
    };
    notice.into_iter().collect()
}

fn joined(state: &State, conversation: ConversationId, user: UserId) -> Option<Notice> {
    // No device has acked anything in a conversation that is new to its user.
    let actor = actor(user, DeviceId::new(0));
    let feed = state.feed(actor, conversation)?;
    let summary = Box::new(state.summary(actor, conversation)?);
    Some(Notice::Joined {
        user,
        position: feed.position,
        summary,
    })
}

fn changed(state: &State, conversation: ConversationId, user: UserId) -> Vec<Notice> {
    // Each device has its own delivered cursor.
    let devices = state
        .user(user)
        .into_iter()
        .flat_map(|user| user.devices.keys());
    let changed = devices.filter_map(|&device| {
        let summary = Box::new(state.summary(actor(user, device), conversation)?);
        Some(Notice::Changed {
            user,
            device,
            summary,
        })
    });
    changed.collect()
}

fn actor(user: UserId, device: DeviceId) -> Actor {
    Actor {
        user,
        device,
        stream: SendStreamId::new(0),
    }
}
