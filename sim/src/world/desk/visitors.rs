//! Visitors: processes of their own, with a token instead of an account.

use std::sync::Arc;

use cairn_client::proto::secret::VisitorToken;
use cairn_client::proto::text::DeskText;
use cairn_client::{ConversationId, Error, ErrorCode, MsgId, Question, Text, Visit, Visitor};
use tokio::time::{Duration, sleep};

use crate::history::Outcome;
use crate::script::step::VisitorAct;
use crate::world::World;
use crate::world::leaks::Canary;
use crate::world::process::{Process, outcome_of};

const PAUSE: Duration = Duration::from_millis(900);

impl World {
    /// Starts the process of a visitor, which needs a connection first.
    pub(in crate::world) fn start_visit(self: &Arc<Self>, no: usize, visitor: usize) {
        if self.desk.made.get().is_none() {
            return;
        }
        let mut state = self.devices[no].state.lock();
        if state.process.is_none() && state.visiting.is_empty() {
            let world = self.clone();
            state
                .visiting
                .spawn(async move { world.visit(no, visitor).await });
        }
    }

    async fn visit(self: &Arc<Self>, no: usize, number: usize) {
        let Some(made) = self.desk.made.get() else {
            return;
        };
        let token = VisitorToken::new([number as u8 + 1; 32]);
        let visitor = loop {
            self.server.up().await;
            match self.builder(no).visit(&made.link, Visit::new(token)).await {
                Ok(visitor) => break visitor,
                Err(Error::LoginRefused {
                    code: code @ (ErrorCode::NoSuchQueue | ErrorCode::AuthFailed),
                    ..
                }) => return self.fail(format!("a visit is refused: {code:?}")),
                Err(error) => {
                    self.trace
                        .note(&self.devices[no].name(), format_args!("no visit: {error}"));
                    sleep(PAUSE).await;
                }
            }
        };
        self.desk.note_visitor(visitor.id(), number);
        let number = self.history.lock().moment().0;
        self.trace.note(
            &self.devices[no].name(),
            format_args!("process {number} starts"),
        );
        let mut process = Process::new(number, visitor.client().clone());
        process.visitor = Some(visitor.clone());
        process.tasks.spawn(watch(self.clone(), no, visitor));
        self.devices[no].state.lock().process = Some(process);
    }

    pub(in crate::world) fn act_as_visitor(self: &Arc<Self>, no: usize, act: VisitorAct) {
        match act {
            VisitorAct::Say { bytes, count } => {
                (0..count).for_each(|n| self.ask(no, bytes + 31 * n));
            }
            VisitorAct::End => {
                self.request(no, "ends the inquiry", async |visitor| visitor.end().await)
            }
            VisitorAct::Rate { stars } => self.request(no, "rates", async move |visitor| {
                visitor.rate(stars, DeskText::none()).await
            }),
        }
    }

    /// Asks, or says something in the inquiry that the process knows.
    fn ask(self: &Arc<Self>, no: usize, bytes: usize) {
        let device = &self.devices[no];
        let (Some(number), Some((process, visitor))) = (device.visitor(), device.visit()) else {
            return;
        };
        let (canary, sender) = (Canary::of_visitor(number), self.sender(device));
        if let Some(inquiry) = visitor.inquiry() {
            let place = Some(inquiry.conversation);
            let at = self.invoke_send(sender, process, place, bytes, canary);
            return self.submit(no, inquiry.conversation, None, at);
        }
        let at = self.invoke_send(sender, process, None, bytes, canary);
        let text = self.history.lock().sent[at].text.clone();
        let world = self.clone();
        self.spawn(no, format!("visitor {number}: ask m{at}"), |_| async move {
            let Ok(text) = Text::new(text) else { return };
            let answer = visitor.ask(Question::new(text)).await;
            world.settle_ask(no, at, answer.map(|inquiry| inquiry.conversation));
        });
    }

    fn settle_ask(self: &Arc<Self>, no: usize, at: usize, answer: Result<ConversationId, Error>) {
        let device = &self.devices[no];
        let (place, outcome) = match answer {
            // The answer does not say which entry it is.
            Ok(place) => (Some(place), Outcome::Ok(MsgId::ZERO)),
            // The retry of a question that was accepted may be one too many.
            Err(Error::Refused(ErrorCode::RateLimited)) => (None, Outcome::Unknown),
            Err(error) => match outcome_of(&error) {
                Ok(outcome) => (None, outcome),
                Err(()) => return self.fail(format!("a question ends its client: {error}")),
            },
        };
        self.trace.note("", format_args!("m{at} is {outcome:?}"));
        if let (Some(place), Some(visitor)) = (place, device.visitor()) {
            self.desk.note_inquiry(place, visitor);
            self.follow(no, place);
        }
        let mut history = self.history.lock();
        let done = history.moment();
        let sent = &mut history.sent[at];
        (sent.place, sent.done, sent.outcome) = (place, Some(done), outcome);
    }

    fn request<F>(
        self: &Arc<Self>,
        no: usize,
        what: &'static str,
        ask: impl FnOnce(Visitor) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), Error>> + Send,
    {
        let Some((_, visitor)) = self.devices[no].visit() else {
            return;
        };
        let name = self.devices[no].name();
        self.trace.note(&name, format_args!("{what}"));
        let world = self.clone();
        self.spawn(no, format!("{name}: {what}"), |_| async move {
            let done = ask(visitor).await;
            world.settled(done, |()| Outcome::Unknown, "a request of a visitor");
        });
    }
}

/// Follows the visitor's inquiry, which may become another one.
async fn watch(world: Arc<World>, no: usize, visitor: Visitor) {
    let mut events = visitor.events();
    let mut followed = None;
    loop {
        let inquiry = visitor.inquiry().map(|inquiry| inquiry.conversation);
        if let Some(inquiry) = inquiry.filter(|_| inquiry != followed) {
            let number = world.devices[no].visitor();
            number.inspect(|&number| world.desk.note_inquiry(inquiry, number));
            world.follow(no, inquiry);
            followed = Some(inquiry);
        }
        if events.next().await.is_none() {
            return;
        }
    }
}
