//! Sends: handed to the client one after another, in the order of their numbers.

use cairn_client::proto::content::packed::Content;
use cairn_client::proto::ids::{ClientSeq, ConversationId};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Accepted, Client, Error};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use super::link::Inputs;
use crate::{Failure, Input, LocalId, Outgoing};

/// A send.
pub(crate) struct Send {
    pub(crate) id: LocalId,
    pub(crate) conversation: ConversationId,
    pub(crate) seq: ClientSeq,
    pub(crate) what: Outgoing,
}

/// Hands over sends until the sender is dropped. At most [`crate::limits::HANDED_MAX`] come before
/// one of them is answered.
pub(crate) async fn run(client: Client, mut sends: UnboundedReceiver<Send>, inputs: Inputs) {
    let mut unanswered = JoinSet::new();
    loop {
        let send = tokio::select! {
            biased;
            send = sends.recv() => send,
            Some(_) = unanswered.join_next() => continue,
        };
        let Some(send) = send else {
            return;
        };
        let id = send.id;
        match enqueue(&client, send).await {
            Ok(accepted) => {
                let inputs = inputs.clone();
                unanswered.spawn(async move {
                    let result = accepted.await.map_err(|error| failure(&error));
                    inputs.give(Input::Accepted { id, result });
                });
            }
            Err(why) => inputs.give(Input::Accepted {
                id,
                result: Err(why),
            }),
        }
    }
}

async fn enqueue(client: &Client, send: Send) -> Result<Accepted, Failure> {
    let conversation = client.conversation(send.conversation);
    let enqueued = match send.what {
        Outgoing::Message { body, extras } => {
            let content = Content::new(body, extras);
            conversation.enqueue_draft(send.seq, content).await
        }
        Outgoing::Forward { from, msgid } => {
            conversation.enqueue_forward(send.seq, from, msgid).await
        }
        Outgoing::File { .. } => return Err(Failure::Ended),
    };
    enqueued.map_err(|error| failure(&error))
}

/// Returns why a send failed.
pub(crate) fn failure(error: &Error) -> Failure {
    match error {
        Error::Refused(code) => Failure::Refused(*code),
        Error::TooLarge { .. } | Error::InvalidText(_) => Failure::TooLong,
        // Another process uses the numbers of this stream.
        Error::SeqUsed { .. } => Failure::Refused(ErrorCode::SeqConflict),
        _ => Failure::Ended,
    }
}
