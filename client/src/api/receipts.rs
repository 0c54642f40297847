//! Who has got a message, and who has read it.

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::receipts::{Reads, Receipt, ReceiptCounts, ReceiptPage, ReceiptState};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::client::{Client, ask};
use crate::error::Error;

/// Who has got a message, and who has read it, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipts {
    /// The members who were there when it was said and are still, but for its sender, in the order
    /// of their ids.
    pub who: Vec<Receipt>,
    /// How many of them there are.
    pub counts: ReceiptCounts,
    /// Whether the user sees what others have read.
    pub reads: Reads,
}

/// Receipts. A request fails with [`Error::Refused`] when the server says no (with `TurnedOff`
/// where nobody has receipts), or with whatever ends the client. [`crate::Event::Receipts`] tells a
/// client that looks at a conversation ([`Client::focus`]) when they change.
impl Client {
    /// Who has got a message, and who has read it. It reads all pages: in a very large group focus
    /// at [`Client::receipt_page`] instead.
    ///
    /// # Errors
    /// See above.
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
                    return Err(Error::Protocol(
                        "the pages of the receipts go round in circles",
                    ));
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

    /// A page of those receipts: those of the users behind `after`.
    ///
    /// # Errors
    /// See above.
    pub async fn receipt_page(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        after: Option<UserId>,
    ) -> Result<ReceiptPage, Error> {
        ask!(self, Request::Receipts { conversation, msgid, after }, Response::Receipts(page) => page)
    }

    /// What to show beside a message: how far it came for everybody. In one request where the
    /// conversation has no more than [`cairn_proto::limits::RECEIPTS_COUNTED_MAX`] members.
    ///
    /// # Errors
    /// See above.
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

    /// Whether the user's reads are shown.
    ///
    /// # Errors
    /// See above.
    pub async fn own_reads(&self) -> Result<Reads, Error> {
        ask!(self, Request::OwnReads, Response::OwnReads(reads) => reads)
    }

    /// Shows the user's reads to others from now on, and theirs to him, or neither.
    ///
    /// # Errors
    /// See above.
    pub async fn set_own_reads(&self, reads: Reads) -> Result<(), Error> {
        ask!(self, Request::SetOwnReads(reads), Response::Done => ())
    }
}
