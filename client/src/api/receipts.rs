//! Receipts: who received and who read a message.

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::receipts::{Reads, Receipt, ReceiptCounts, ReceiptPage, ReceiptState};
use cairn_proto::wire::request::reading::{GetOwnReads, GetReceipts, SetOwnReads};

use crate::api::client::Client;
use crate::error::Error;

/// The receipts of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipts {
    /// Everyone who was a member when the message was sent and still is, except its sender, ordered
    /// by id.
    pub who: Vec<Receipt>,
    /// The receipts, counted by state.
    pub counts: ReceiptCounts,
    /// Whether the user sees what others have read.
    pub reads: Reads,
}

/// Receipts. [`crate::Event::Receipts`] reports changes in the focused conversation
/// ([`Client::focus`]).
impl Client {
    /// Returns all receipts of a message. In very large groups, prefer [`Client::receipt_page`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchMessage`, or with `TurnedOff` if the server has no receipts;
    /// or a [terminal error](Error#terminal-errors).
    pub async fn receipts(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<Receipts, Error> {
        let (mut who, mut after) = (Vec::new(), None);
        loop {
            let page = self.receipt_page(conversation, msgid, after).await?;
            who.extend(page.items);
            match page.next_after {
                Some(next) if after.is_none_or(|after| next > after) => after = Some(next),
                Some(_) => {
                    return Err(Error::Protocol("pages of receipts do not advance"));
                }
                None => {
                    let mut counts = ReceiptCounts::default();
                    who.iter().for_each(|receipt| counts.add(receipt.state));
                    return Ok(Receipts {
                        who,
                        counts,
                        reads: page.reads,
                    });
                }
            }
        }
    }

    /// Returns the page of receipts after the user `after`, or the first one.
    ///
    /// # Errors
    /// As [`Client::receipts`].
    pub async fn receipt_page(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        after: Option<UserId>,
    ) -> Result<ReceiptPage, Error> {
        self.call(GetReceipts {
            conversation,
            msgid,
            after,
        })
        .await
    }

    /// Returns the state to show next to a message: the least that holds for every member. Takes
    /// one request in conversations with up to [`cairn_proto::limits::RECEIPTS_COUNTED_MAX`]
    /// members.
    ///
    /// # Errors
    /// As [`Client::receipts`].
    pub async fn ticks(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<ReceiptState, Error> {
        match self.receipt_page(conversation, msgid, None).await?.counts {
            Some(counts) => Ok(counts.ticks()),
            None => Ok(self.receipts(conversation, msgid).await?.counts.ticks()),
        }
    }

    /// Returns whether the user shares read receipts.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn own_reads(&self) -> Result<Reads, Error> {
        self.call(GetOwnReads).await
    }

    /// Sets whether the user shares read receipts, and in return sees those of others.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn set_own_reads(&self, reads: Reads) -> Result<(), Error> {
        self.call(SetOwnReads { reads }).await
    }
}
