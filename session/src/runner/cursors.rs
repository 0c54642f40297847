//! Requests whose order matters: focus and read cursors, one after another. And edits.

use cairn_client::proto::content::extras::Extras;
use cairn_client::{Client, Text};
use tokio::sync::mpsc::UnboundedReceiver;

use super::link::Inputs;
use super::sends::failure;
use crate::{Aim, Draft, Effect, Failure, Input};

pub(crate) async fn run(client: Client, mut effects: UnboundedReceiver<Effect>, inputs: Inputs) {
    while let Some(effect) = effects.recv().await {
        let result = match effect {
            Effect::Focus(Some(conversation)) => client.conversation(conversation).focus().await,
            Effect::Focus(None) => client.conversations().unfocus().await,
            Effect::Read {
                conversation,
                msgid,
            } => client.conversation(conversation).mark_read(msgid).await,
            Effect::MarkUnread { conversation, from } => {
                client.conversation(conversation).mark_unread(from).await
            }
            _ => Ok(()),
        };
        if let Err(error) = result {
            tracing::debug!(%error, "a cursor was refused");
            inputs.give(Input::CursorFailed);
        }
    }
}

/// Replaces the words of a message. Returns what to say if it fails.
pub(crate) async fn edit(client: Client, draft: Box<Draft>, mentions: Extras) -> Option<Input> {
    let Aim::Edit(msgid) = draft.aim else {
        return None;
    };
    let why = match Text::new(draft.words.as_str()) {
        Ok(words) => {
            let conversation = client.conversation(draft.conversation);
            failure(&conversation.edit_with(msgid, words, mentions).await.err()?)
        }
        Err(_) => Failure::TooLong,
    };
    Some(Input::EditFailed { draft, why })
}
