//! Requests whose order matters: focus and read cursors, one after another; and so edits.

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

/// An edit, with the mentions that the message has afterwards.
pub(crate) type Edit = (Box<Draft>, Extras);

/// Requests edits one after another: of two edits of a message, the later one counts.
pub(crate) async fn run_edits(client: Client, mut edits: UnboundedReceiver<Edit>, inputs: Inputs) {
    while let Some((draft, mentions)) = edits.recv().await {
        inputs.give(match edit(&client, &draft, mentions).await {
            Ok(()) => Input::Edited(draft),
            Err(why) => Input::EditFailed { draft, why },
        });
    }
}

async fn edit(client: &Client, draft: &Draft, mentions: Extras) -> Result<(), Failure> {
    let Aim::Edit(msgid) = draft.aim else {
        return Ok(());
    };
    let words = Text::new(draft.words.as_str()).map_err(|_| Failure::TooLong)?;
    let conversation = client.conversation(draft.conversation);
    let edited = conversation.edit_with(msgid, words, mentions).await;
    edited.map_err(|error| failure(&error))
}
