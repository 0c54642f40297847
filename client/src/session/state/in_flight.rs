//! The requests that wait for their answers. A request's id is the number of its slot, so ids stay
//! small and the table stays bounded.

use std::mem;

use cairn_proto::ids::{ConversationId, MsgId, RequestId, UserId};
use cairn_proto::limits::FRAME_BYTES_MAX;
use cairn_proto::wire::codec::encode_into;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::frame;
use cairn_proto::wire::hello::ClientFrame;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;
use tokio::sync::oneshot;

use crate::error::Error;

/// Who is told the answer. One who is gone is not missed.
#[derive(Debug)]
pub(crate) enum Waiter {
    /// A send.
    Send(oneshot::Sender<Result<MsgId, Error>>),
    /// A request of the caller's, counted against [`crate::limits::REQUESTS_IN_FLIGHT_MAX`].
    Request(oneshot::Sender<Result<Response, Error>>),
    /// A request of the client's own, bounded by where it comes from: each timeline pulls one page
    /// at a time.
    Own(oneshot::Sender<Result<Response, Error>>),
    /// A subscriptions request, asked again on a new connection: what it tells is told as events.
    Subscriptions,
    /// A coalesced ack; each conversation has at most one in flight.
    Ack(ConversationId),
}

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Pending {
    /// The place in the order of all requests of this client. Retries go out in it.
    order: u64,
    frame: ClientFrame,
    /// It was written to a connection that broke, and is asked again.
    is_repeated: bool,
    pub(crate) waiter: Waiter,
}

impl Pending {
    /// What was asked.
    pub(crate) const fn request(&self) -> Option<&Request> {
        match &self.frame {
            ClientFrame::Request(_, request) => Some(request),
            ClientFrame::Hello(_) => None,
        }
    }

    /// Whether asking a second time does no harm. What a user settles, for himself or for a group,
    /// may be settled anew: among those who may, the last one who asks has his way, as ever. Some
    /// requests make something each time, or take back what somebody else did meanwhile that is not
    /// theirs to take back: a newer edit, what was read since, a removal from the group.
    fn is_idempotent(&self) -> bool {
        !matches!(
            self.request(),
            Some(
                Request::CreateGroup { .. }
                    | Request::CreateInvite { .. }
                    | Request::HandOver { .. }
                    | Request::Edit { .. }
                    | Request::MarkUnread { .. }
                    | Request::JoinGroup { .. }
            )
        )
    }

    /// What the answer says to `user`, who asked. Where a request was asked twice and the second
    /// time found done what it asks for, it is done.
    pub(crate) fn settle(
        &self,
        user: UserId,
        answer: Result<Response, ErrorCode>,
    ) -> Result<Response, ErrorCode> {
        match (self.request(), answer) {
            (Some(Request::RevokeDevice(_)), Err(ErrorCode::NoSuchDevice)) if self.is_repeated => {
                Ok(Response::Done)
            }
            (Some(Request::RemoveMembers { users, .. }), Err(ErrorCode::NotFound))
                if self.is_repeated && *users == [user] =>
            {
                Ok(Response::Changed { users: 0 })
            }
            // Who took a role from himself may not do so again.
            (
                Some(
                    Request::SetRole { user: whose, .. }
                    | Request::SetServerRole { user: whose, .. },
                ),
                Err(ErrorCode::Forbidden),
            ) if self.is_repeated && *whose == user => Ok(Response::Done),
            (_, answer) => answer,
        }
    }
}

/// All requests that wait for their answers.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: Vec<Option<Pending>>,
    free: Vec<u64>,
    next_order: u64,
    /// Requests below this place in the order were handed to a connection.
    written_below: u64,
}

impl Slots {
    /// Takes a request in and appends its frame to `out`.
    ///
    /// A frame beyond the bound is refused, and `out` is left as it was.
    pub(crate) fn submit(
        &mut self,
        request: Request,
        waiter: Waiter,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let id = self.free.last().copied().unwrap_or(self.slots.len() as u64);
        let frame = ClientFrame::Request(RequestId::new(id), request);
        let start = out.len();
        frame::write(&frame, out);
        let bytes = out.len() - start - frame::PREFIX_BYTES;
        if bytes > FRAME_BYTES_MAX {
            out.truncate(start);
            return Err(Error::TooLarge {
                bytes,
                max_bytes: FRAME_BYTES_MAX,
            });
        }
        let pending = Some(Pending {
            order: self.next_order,
            frame,
            is_repeated: false,
            waiter,
        });
        self.next_order += 1;
        match self.free.pop() {
            Some(free) => self.slots[free as usize] = pending,
            None => self.slots.push(pending),
        }
        Ok(())
    }

    /// Notes that everything submitted so far is handed to the connection.
    pub(crate) fn all_written(&mut self) {
        self.written_below = self.next_order;
    }

    /// Takes the request with this id out; `None` when there is none.
    pub(crate) fn answered(&mut self, id: RequestId) -> Option<Pending> {
        let pending = self
            .slots
            .get_mut(usize::try_from(id.get()).ok()?)?
            .take()?;
        self.free.push(id.get());
        Some(pending)
    }

    /// After the connection broke: takes out what was written and cannot be repeated, and what is
    /// asked anew on each connection.
    pub(crate) fn take_unrepeatable(&mut self) -> Vec<Waiter> {
        let written_below = self.written_below;
        self.take_all_if(|pending| {
            matches!(pending.waiter, Waiter::Subscriptions)
                || (pending.order < written_below && !pending.is_idempotent())
        })
    }

    /// Whether a request of this kind waits.
    pub(crate) fn has_kind_of(&self, request: &Request) -> bool {
        let kind = mem::discriminant(request);
        self.slots
            .iter()
            .flatten()
            .filter_map(Pending::request)
            .any(|known| mem::discriminant(known) == kind)
    }

    /// Takes everything out.
    pub(crate) fn take_all(&mut self) -> Vec<Waiter> {
        self.take_all_if(|_| true)
    }

    fn take_all_if(&mut self, mut test: impl FnMut(&Pending) -> bool) -> Vec<Waiter> {
        let mut taken = Vec::new();
        for (id, slot) in self.slots.iter_mut().enumerate() {
            if let Some(pending) = slot.take_if(|pending| test(pending)) {
                self.free.push(id as u64);
                taken.push(pending.waiter);
            }
        }
        taken
    }

    /// Appends the frames of everything that waits, in the original order.
    pub(crate) fn write_all(&mut self, out: &mut Vec<u8>) {
        let mut waiting: Vec<&mut Pending> = self.slots.iter_mut().flatten().collect();
        waiting.sort_unstable_by_key(|pending| pending.order);
        for pending in waiting {
            pending.is_repeated = pending.order < self.written_below;
            frame::write(&pending.frame, out);
        }
    }
}

/// The bytes that a value takes in a frame.
pub(crate) fn encoded_bytes<T: serde::Serialize>(value: &T) -> usize {
    let mut out = Vec::new();
    encode_into(value, &mut out);
    out.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use cairn_proto::text::GroupName;
    use cairn_proto::wire::codec;

    fn ids(out: &[u8]) -> Vec<u64> {
        let mut buffer = BytesMut::from(out);
        let mut ids = Vec::new();
        while let Some(bytes) = frame::split(&mut buffer, FRAME_BYTES_MAX).unwrap() {
            let ClientFrame::Request(id, _) = codec::decode(&bytes, FRAME_BYTES_MAX).unwrap()
            else {
                panic!("no request")
            };
            ids.push(id.get());
        }
        ids
    }

    fn ack() -> Waiter {
        Waiter::Ack(ConversationId::new(1))
    }

    fn group() -> Request {
        Request::CreateGroup {
            name: GroupName::new("team").unwrap(),
            members: Vec::new(),
        }
    }

    #[test]
    fn ids_are_used_again_and_the_order_is_kept() {
        let (mut slots, mut out) = (Slots::default(), Vec::new());
        for _ in 0..3 {
            slots.submit(Request::Devices, ack(), &mut out).unwrap();
        }
        assert!(slots.answered(RequestId::new(0)).is_some());
        assert!(
            slots.answered(RequestId::new(0)).is_none(),
            "answered twice"
        );
        assert!(slots.answered(RequestId::new(900)).is_none(), "never asked");
        slots.submit(Request::Devices, ack(), &mut out).unwrap();
        assert_eq!(ids(&out), [0, 1, 2, 0]);
        let mut again = Vec::new();
        slots.write_all(&mut again);
        assert_eq!(
            ids(&again),
            [1, 2, 0],
            "the newest comes last although its id is the lowest"
        );
    }

    #[test]
    fn only_what_was_written_and_cannot_be_repeated_is_given_up() {
        let (mut slots, mut out) = (Slots::default(), Vec::new());
        slots.submit(group(), ack(), &mut out).unwrap();
        slots.submit(Request::Devices, ack(), &mut out).unwrap();
        slots.all_written();
        slots.submit(group(), ack(), &mut out).unwrap();
        assert_eq!(slots.take_unrepeatable().len(), 1);
        let mut again = Vec::new();
        slots.write_all(&mut again);
        assert_eq!(ids(&again), [1, 2]);
        assert_eq!(slots.take_all().len(), 2);
    }

    #[test]
    fn a_frame_beyond_the_bound_leaves_no_trace() {
        let (mut slots, mut out) = (Slots::default(), Vec::new());
        let ids = vec![cairn_proto::ids::UserId::new(u32::MAX); FRAME_BYTES_MAX];
        assert!(matches!(
            slots.submit(Request::Users { ids }, ack(), &mut out),
            Err(Error::TooLarge { .. })
        ));
        assert!(out.is_empty());
        assert!(slots.take_all().is_empty());
    }
}
