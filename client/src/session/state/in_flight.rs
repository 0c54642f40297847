//! The requests in flight. A request's id is the index of its slot, which keeps ids small and the
//! table bounded.

use std::mem;

use cairn_proto::ids::{ConversationId, MsgId, RequestId, UserId};
use cairn_proto::limits::FRAME_BYTES_MAX;
use cairn_proto::wire::codec::encode_into;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::frame;
use cairn_proto::wire::hello::ClientFrame;
use cairn_proto::wire::request::group::{RemoveMembers, SetRole};
use cairn_proto::wire::request::server::{RevokeDevice, SetServerRole};
use cairn_proto::wire::request::{
    Answer, GroupRequest, MessageRequest, Request, ServerRequest, SessionRequest,
};
use tokio::sync::oneshot;

use crate::error::Error;

/// The error of an answer that cannot be decoded.
pub(crate) const MALFORMED: Error = Error::Protocol("a malformed answer");

/// The recipient of a response. It may be gone by then, which is not an error.
#[derive(Debug)]
pub(crate) enum Waiter {
    /// A send; holds one of `send_permits`.
    Send(oneshot::Sender<Result<MsgId, Error>>),
    /// A request of the caller; holds one of `request_permits`.
    Request(oneshot::Sender<Result<Answer, Error>>),
    /// A request of the client itself, bounded by its origin: each timeline pulls one page at a
    /// time.
    Internal(oneshot::Sender<Result<Answer, Error>>),
    /// A request repeated on each new connection; its result is reported as events.
    Subscriptions,
    /// A coalesced ack; each conversation has at most one in flight.
    Ack(ConversationId),
}

/// A request in flight.
#[derive(Debug)]
pub(crate) struct Pending {
    /// The request's place in the client's order of requests, which retries preserve.
    order: u64,
    frame: ClientFrame,
    /// Whether it was written to an earlier connection and is now being repeated.
    is_repeated: bool,
    waits_for: WaitsFor,
    /// Whether the server has not executed it, although it counts as written.
    is_refused: bool,
    pub(crate) waiter: Waiter,
}

/// What must happen before a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitsFor {
    Nothing,
    /// The client must continue on another send stream.
    Stream,
    /// The pause after a refusal must end, of this request or of an earlier send.
    Pause,
}

impl Waiter {
    /// Returns whether the request is repeated when the server refuses it for now.
    fn waits_for_pause(&self) -> bool {
        match self {
            Self::Send(_) => true,
            Self::Request(sender) | Self::Internal(sender) => !sender.is_closed(),
            Self::Subscriptions | Self::Ack(_) => false,
        }
    }
}

impl Pending {
    /// Returns the request.
    pub(crate) const fn request(&self) -> Option<&Request> {
        match &self.frame {
            ClientFrame::Request(_, request) => Some(request),
            ClientFrame::Hello(_) => None,
        }
    }

    /// Returns whether the request is a send.
    pub(crate) const fn is_send(&self) -> bool {
        matches!(self.waiter, Waiter::Send(_))
    }

    /// Returns whether to repeat the request, which the server refused for now.
    pub(crate) fn waits_for_pause(&self) -> bool {
        self.waiter.waits_for_pause()
    }

    /// Returns whether the request has a number by which the server recognizes it when it is
    /// repeated.
    pub(crate) const fn is_numbered(&self) -> bool {
        self.is_send()
            || matches!(
                self.request(),
                Some(Request::Session(SessionRequest::OpenInquiry(_)))
            )
    }

    /// Returns whether the request was not written to an earlier connection.
    pub(crate) const fn is_first_try(&self) -> bool {
        !self.is_repeated
    }

    const fn is_held(&self) -> bool {
        !matches!(self.waits_for, WaitsFor::Nothing)
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        (self.waits_for, self.is_refused) = (WaitsFor::Nothing, false);
        frame::write(&self.frame, out);
    }

    /// Returns whether the request may be executed twice.
    fn is_idempotent(&self) -> bool {
        self.request()
            .is_none_or(|request| request.traits().is_idempotent)
    }

    /// Returns the result for `user`, who made the request. If a repeated request fails because its
    /// first execution had succeeded, this is a success.
    pub(crate) fn settle(
        &self,
        user: UserId,
        answer: Result<Answer, ErrorCode>,
    ) -> Result<Answer, Error> {
        let (Some(request), Err(code), true) = (self.request(), &answer, self.is_repeated) else {
            return answer.map_err(Error::Refused);
        };
        match (request, code) {
            (Request::Server(ServerRequest::RevokeDevice(_)), ErrorCode::NoSuchDevice) => {
                Ok(Answer::to::<RevokeDevice>(&()))
            }
            (Request::Group(GroupRequest::RemoveMembers(call)), ErrorCode::NotFound)
                if call.users == [user] =>
            {
                Ok(Answer::to::<RemoveMembers>(&0))
            }
            // A user who gave up a role is no longer permitted to do it again.
            (Request::Group(GroupRequest::SetRole(call)), ErrorCode::Forbidden)
                if call.user == user =>
            {
                Ok(Answer::to::<SetRole>(&()))
            }
            (Request::Server(ServerRequest::SetServerRole(call)), ErrorCode::Forbidden)
                if call.user == user =>
            {
                Ok(Answer::to::<SetServerRole>(&()))
            }
            // The first execution may have succeeded before the user was removed, or before the
            // message expired.
            (
                Request::Message(
                    MessageRequest::Recall(_)
                    | MessageRequest::React(_)
                    | MessageRequest::Unreact(_)
                    | MessageRequest::Pin(_)
                    | MessageRequest::Unpin(_),
                ),
                _,
            ) => Err(Error::Disconnected),
            _ => answer.map_err(Error::Refused),
        }
    }
}

/// All requests in flight.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: Vec<Option<Pending>>,
    free: Vec<u64>,
    next_order: u64,
    /// Requests with a lower `order` have been written to a connection.
    written_below: u64,
}

impl Slots {
    /// Registers a request and appends its frame to `out`, where one that is held must not stay.
    ///
    /// A frame that exceeds the limit is refused, and `out` remains unchanged.
    pub(crate) fn submit(
        &mut self,
        request: impl Into<Request>,
        waiter: Waiter,
        waits_for: WaitsFor,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let id = self.free.last().copied().unwrap_or(self.slots.len() as u64);
        let frame = ClientFrame::Request(RequestId::new(id), request.into());
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
            waits_for,
            is_refused: waits_for != WaitsFor::Nothing,
            waiter,
        });
        self.next_order += 1;
        match self.free.pop() {
            Some(free) => self.slots[free as usize] = pending,
            None => self.slots.push(pending),
        }
        Ok(())
    }

    /// Marks all requests as written.
    pub(crate) fn all_written(&mut self) {
        self.written_below = self.next_order;
    }

    /// Removes and returns the request with this id.
    pub(crate) fn answered(&mut self, id: RequestId) -> Option<Pending> {
        let pending = self
            .slots
            .get_mut(usize::try_from(id.get()).ok()?)?
            .take()?;
        self.free.push(id.get());
        Some(pending)
    }

    /// Holds back a request that was just [answered](Slots::answered): it was not executed.
    pub(crate) fn hold(&mut self, id: RequestId, pending: Pending, waits_for: WaitsFor) {
        let pending = Pending {
            waits_for,
            is_refused: true,
            ..pending
        };
        self.put_back(id, pending);
    }

    /// Lets a request that was just [answered](Slots::answered) be repeated on the next connection:
    /// it may have been executed.
    pub(crate) fn put_back(&mut self, id: RequestId, pending: Pending) {
        self.free.retain(|&free| free != id.get());
        if let Some(slot) = self.slots.get_mut(id.get() as usize) {
            *slot = Some(pending);
        }
    }

    /// Writes the oldest paused send or other request, and returns its id.
    pub(crate) fn write_first_paused(
        &mut self,
        is_send: bool,
        out: &mut Vec<u8>,
    ) -> Option<RequestId> {
        let paused = self.paused(is_send);
        let first = paused.min_by_key(|pending| pending.order)?;
        first.write(out);
        match first.frame {
            ClientFrame::Request(id, _) => Some(id),
            ClientFrame::Hello(_) => None,
        }
    }

    /// Writes all paused sends, or all other paused requests, in their original order.
    pub(crate) fn write_paused(&mut self, is_send: bool, out: &mut Vec<u8>) {
        let mut paused: Vec<_> = self.paused(is_send).collect();
        paused.sort_unstable_by_key(|pending| pending.order);
        paused.into_iter().for_each(|pending| pending.write(out));
    }

    fn paused(&mut self, is_send: bool) -> impl Iterator<Item = &mut Pending> {
        let pending = self.slots.iter_mut().flatten();
        pending.filter(move |pending| {
            pending.waits_for == WaitsFor::Pause && pending.is_send() == is_send
        })
    }

    /// Lets all paused requests be written on the next connection.
    pub(crate) fn end_pauses(&mut self) {
        for pending in self.slots.iter_mut().flatten() {
            if pending.waits_for == WaitsFor::Pause {
                pending.waits_for = WaitsFor::Nothing;
            }
        }
    }

    /// Returns whether the client can leave its connection for another send stream: no other send
    /// is on the way, and nothing that must not be repeated.
    pub(crate) fn can_replace_stream(&self) -> bool {
        self.slots
            .iter()
            .flatten()
            .all(|pending| pending.is_held() || (pending.is_idempotent() && !pending.is_send()))
    }

    /// Ends the holding back: the sends are written on the next connection, as if for the first
    /// time.
    pub(crate) fn release_held(&mut self) {
        let held = self.slots.iter_mut().flatten();
        let mut held: Vec<_> = held.filter(|pending| pending.is_held()).collect();
        held.sort_unstable_by_key(|pending| pending.order);
        for pending in held {
            (pending.waits_for, pending.is_refused) = (WaitsFor::Nothing, false);
            pending.order = self.next_order;
            self.next_order += 1;
        }
    }

    /// Returns whether a send is on the way, or will be written on the next connection.
    pub(crate) fn has_sends(&self) -> bool {
        let mut pending = self.slots.iter().flatten();
        pending.any(|pending| pending.is_send() && !pending.is_held())
    }

    /// After the connection was lost: removes requests that were written and are not idempotent,
    /// and those that each new connection makes itself.
    pub(crate) fn take_non_idempotent(&mut self) -> Vec<Waiter> {
        let written_below = self.written_below;
        self.take_all_if(|pending| {
            matches!(pending.waiter, Waiter::Subscriptions)
                || (pending.order < written_below
                    && !pending.is_refused
                    && !pending.is_idempotent())
        })
    }

    /// Returns whether a request of the same kind is in flight.
    pub(crate) fn has_same_kind(&self, request: &SessionRequest) -> bool {
        let kind = mem::discriminant(request);
        self.slots
            .iter()
            .flatten()
            .any(|pending| match pending.request() {
                Some(Request::Session(known)) => mem::discriminant(known) == kind,
                _ => false,
            })
    }

    /// Removes all requests.
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

    /// Appends the frames of all requests, in their original order.
    pub(crate) fn write_all(&mut self, out: &mut Vec<u8>) {
        let waiting = self.slots.iter_mut().flatten();
        let mut waiting: Vec<&mut Pending> = waiting.filter(|pending| !pending.is_held()).collect();
        waiting.sort_unstable_by_key(|pending| pending.order);
        for pending in waiting {
            pending.is_repeated = pending.order < self.written_below && !pending.is_refused;
            pending.write(out);
        }
    }
}

/// Returns the encoded length of a value.
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
    use cairn_proto::wire::request::group::CreateGroup;
    use cairn_proto::wire::request::people::GetUsers;
    use cairn_proto::wire::request::session::ListDevices;

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

    fn group() -> CreateGroup {
        CreateGroup {
            name: GroupName::new("team").unwrap(),
            members: Vec::new(),
        }
    }

    #[test]
    fn ids_are_reused_and_order_is_kept() {
        let (mut slots, mut out) = (Slots::default(), Vec::new());
        for _ in 0..3 {
            slots
                .submit(ListDevices, ack(), WaitsFor::Nothing, &mut out)
                .unwrap();
        }
        assert!(slots.answered(RequestId::new(0)).is_some());
        assert!(
            slots.answered(RequestId::new(0)).is_none(),
            "already answered"
        );
        assert!(
            slots.answered(RequestId::new(900)).is_none(),
            "never submitted"
        );
        slots
            .submit(ListDevices, ack(), WaitsFor::Nothing, &mut out)
            .unwrap();
        assert_eq!(ids(&out), [0, 1, 2, 0]);
        let mut again = Vec::new();
        slots.write_all(&mut again);
        assert_eq!(
            ids(&again),
            [1, 2, 0],
            "the newest request comes last although its id is the lowest"
        );
    }

    #[test]
    fn only_written_non_idempotent_requests_fail() {
        let (mut slots, mut out) = (Slots::default(), Vec::new());
        slots
            .submit(group(), ack(), WaitsFor::Nothing, &mut out)
            .unwrap();
        slots
            .submit(ListDevices, ack(), WaitsFor::Nothing, &mut out)
            .unwrap();
        slots.all_written();
        slots
            .submit(group(), ack(), WaitsFor::Nothing, &mut out)
            .unwrap();
        assert_eq!(slots.take_non_idempotent().len(), 1);
        let mut again = Vec::new();
        slots.write_all(&mut again);
        assert_eq!(ids(&again), [1, 2]);
        assert_eq!(slots.take_all().len(), 2);
    }

    #[test]
    fn oversized_frame_is_refused_without_trace() {
        let (mut slots, mut out) = (Slots::default(), Vec::new());
        let ids = vec![cairn_proto::ids::UserId::new(u32::MAX); FRAME_BYTES_MAX];
        assert!(matches!(
            slots.submit(GetUsers { ids }, ack(), WaitsFor::Nothing, &mut out),
            Err(Error::TooLarge { .. })
        ));
        assert!(out.is_empty());
        assert!(slots.take_all().is_empty());
    }
}
