//! Requests to the server, and their answers as inputs.

use std::sync::Arc;

use cairn_client::proto::ids::{ConversationId, MsgId, SendStreamId};
use cairn_client::proto::limits::NAMED_STREAMS_PER_DEVICE;
use cairn_client::proto::model::desk::InquiryFilter;
use cairn_client::proto::model::receipts::MemberCursors;
use cairn_client::proto::wire::overview::Moment;
use cairn_client::{Account, Client, ConversationKind, Error, PullRange};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};

use super::cursors::{self, Edit};
use super::link::{self, Inputs};
use super::options::SessionOptions;
use super::sends::{self, Send};
use super::shared::Shared;
use super::thread::Letter;
use super::uploads::{self, Uploads};
use crate::{
    Details, DraftFile, Effect, Fetched, Input, Link, LinkFault, LocalId, RequestId, limits,
};

/// Performs the effects that concern the server.
pub(crate) struct Requests {
    pub(crate) shared: Arc<Shared>,
    pub(crate) account: Account,
    pub(crate) options: SessionOptions,
    pub(crate) inputs: Inputs,
    /// The named stream; `None` for a random one.
    pub(crate) stream: Option<u64>,
    connected: Connected,
    running: JoinSet<()>,
    /// Overviews that were requested.
    overviews: u64,
    uploads: Uploads,
}

/// One client, and the tasks that need the order in which they are given.
pub(crate) struct Connected {
    pub(crate) client: Client,
    /// The moment with which it logs in.
    since: Option<Moment>,
    is_first_overview: bool,
    sends: UnboundedSender<Send>,
    cursors: UnboundedSender<Effect>,
    edits: UnboundedSender<Edit>,
    tasks: [AbortHandle; 4],
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Connected {
    /// Starts a client, which connects in the background.
    pub(crate) fn start(
        account: &Account,
        options: &SessionOptions,
        inputs: &Inputs,
        stream: Option<u64>,
        since: Option<Moment>,
    ) -> Result<Self, Error> {
        let builder = options.client.clone();
        let builder = builder.send_stream(stream.and_then(SendStreamId::named));
        let client = builder.since(since).connect_offline(account)?;
        // Before it is connected: no event is missed.
        let events = client.pushes();
        let (sends, to_send) = mpsc::unbounded_channel();
        let (cursors, to_move) = mpsc::unbounded_channel();
        let (edits, to_edit) = mpsc::unbounded_channel();
        let tasks = [
            tokio::spawn(link::run(client.clone(), events, inputs.clone())),
            tokio::spawn(sends::run(client.clone(), to_send, inputs.clone())),
            tokio::spawn(cursors::run(client.clone(), to_move, inputs.clone())),
            tokio::spawn(cursors::run_edits(client.clone(), to_edit, inputs.clone())),
        ];
        Ok(Self {
            client,
            since,
            is_first_overview: true,
            sends,
            cursors,
            edits,
            tasks: tasks.map(|task| task.abort_handle()),
        })
    }
}

impl Requests {
    pub(crate) fn new(
        shared: Arc<Shared>,
        account: Account,
        options: SessionOptions,
        inputs: Inputs,
        stream: Option<u64>,
        connected: Connected,
    ) -> Self {
        Self {
            shared,
            account,
            options,
            inputs,
            stream,
            connected,
            running: JoinSet::new(),
            overviews: 0,
            uploads: Uploads::default(),
        }
    }

    /// Runs until the session's thread ends.
    pub(crate) async fn run(mut self, mut effects: UnboundedReceiver<Effect>) {
        loop {
            let effect = tokio::select! {
                // Biased: a simulation must be able to repeat it.
                biased;
                effect = effects.recv() => effect,
                Some(_) = self.running.join_next() => continue,
            };
            let Some(effect) = effect else {
                return;
            };
            self.perform(effect).await;
        }
    }

    async fn perform(&mut self, effect: Effect) {
        let client = self.connected.client.clone();
        match effect {
            Effect::Overview { since } => self.overview(since),
            Effect::Pull {
                id,
                conversation,
                range,
                limit,
            } => self.answer(pull(client, id, conversation, range, limit)),
            Effect::Details(conversation) => {
                let shared = Arc::clone(&self.shared);
                self.answer_if(details(client, shared, conversation));
            }
            Effect::Keywords => {
                self.answer_if(
                    async move { Some(Input::Keywords(client.me().keywords().await.ok()?)) },
                )
            }
            Effect::Desk => self.answer_if(async move {
                let desk = client.desk().mine().await.ok()?;
                Some(Input::Desk(Box::new(desk)))
            }),
            Effect::Inquiries(queue) => self.answer(inquiries(client, queue)),
            Effect::Users(users) => self.answer_if(async move {
                Some(Input::Users(client.people().get_all(&users).await.ok()?))
            }),
            Effect::Watch(users) => self.answer_if(async move {
                Some(Input::Presence(client.people().watch(users).await.ok()?))
            }),
            Effect::Receipts {
                conversation,
                msgid,
            } => self.answer_if(receipts(client, conversation, msgid)),
            Effect::Typing(conversation) => client.conversation(conversation).typing(),
            Effect::Ack {
                conversation,
                msgid,
            } => client.conversation(conversation).ack(msgid),
            Effect::Focus(_) | Effect::Read { .. } | Effect::MarkUnread { .. } => {
                let _ = self.connected.cursors.send(effect);
            }
            Effect::Send {
                id,
                conversation,
                seq,
                what,
            } => {
                let _ = self.connected.sends.send(Send {
                    id,
                    conversation,
                    seq,
                    what: Some(what),
                });
            }
            Effect::Probe {
                id,
                conversation,
                seq,
            } => {
                let _ = self.connected.sends.send(Send {
                    id,
                    conversation,
                    seq,
                    what: None,
                });
            }
            Effect::Upload { id, file } => self.upload(id, file),
            Effect::CancelUpload(id) => self.uploads.cancel(id),
            Effect::Edit { draft, mentions } => {
                let _ = self.connected.edits.send((draft, mentions));
            }
            Effect::NewStream => self.new_stream().await,
            // The thread performs all others.
            _ => {}
        }
    }

    fn answer(&mut self, answer: impl Future<Output = Input> + std::marker::Send + 'static) {
        self.answer_if(async move { Some(answer.await) });
    }

    fn answer_if(
        &mut self,
        answer: impl Future<Output = Option<Input>> + std::marker::Send + 'static,
    ) {
        let inputs = self.inputs.clone();
        self.running.spawn(async move {
            if let Some(input) = answer.await {
                inputs.give(input);
            }
        });
    }

    fn overview(&mut self, since: Option<Moment>) {
        let client = self.connected.client.clone();
        let is_first = std::mem::take(&mut self.connected.is_first_overview);
        let is_of_login = is_first && since == self.connected.since;
        let inputs = self.inputs.clone();
        self.overviews += 1;
        let number = self.overviews;
        self.running.spawn(async move {
            let conversations = client.conversations();
            let overview = if is_of_login {
                conversations.login_overview().await
            } else {
                conversations.overview(since).await
            };
            match overview {
                Ok(overview) => {
                    inputs.give_overview(number, Input::Overview(Box::new(overview)));
                }
                Err(_) => return inputs.give_overview(number, Input::OverviewFailed),
            }
            if let Ok(contacts) = client.people().contacts().await {
                inputs.give(Input::Contacts(contacts));
            }
        });
    }

    fn upload(&mut self, id: LocalId, file: DraftFile) {
        let (client, inputs) = (self.connected.client.clone(), self.inputs.clone());
        let describe = Arc::clone(&self.options.describe);
        let upload = uploads::run(client, id, file, describe, inputs);
        self.uploads.add(id, self.running.spawn(upload));
    }

    /// Continues on the next named stream, whose numbers no process has used with this profile.
    async fn new_stream(&mut self) {
        let Some(stream) = self.stream else {
            return;
        };
        let stream = (stream + 1) % NAMED_STREAMS_PER_DEVICE;
        let since = self.shared.model.lock().moment();
        self.running.abort_all();
        self.connected.client.close().await;
        // What was requested is not answered any more.
        self.inputs.give(Input::Link(Link::Offline {
            why: LinkFault::Lost,
            again_at: None,
        }));
        let (done, is_done) = oneshot::channel();
        // Its number is durable before anything is sent on it.
        let _ = self.inputs.0.send(Letter::Stream(stream, done));
        let _ = is_done.await;
        let (account, options) = (&self.account, &self.options);
        match Connected::start(account, options, &self.inputs, Some(stream), since) {
            Ok(connected) => {
                self.shared.set_client(connected.client.clone());
                (self.connected, self.stream) = (connected, Some(stream));
            }
            Err(error) => tracing::warn!(%error, "cannot start another client"),
        }
    }
}

async fn pull(
    client: Client,
    id: RequestId,
    conversation: ConversationId,
    range: PullRange,
    limit: u32,
) -> Input {
    let pulled = client.conversation(conversation).pull(range, limit).await;
    let page = pulled.map_or(Fetched::Failed, Fetched::Pulled);
    Input::Page { id, page }
}

async fn details(client: Client, shared: Arc<Shared>, id: ConversationId) -> Option<Input> {
    let name = shared.model.lock().conversation(id)?.name;
    let conversation = client.conversation(id);
    let is_group = id.direct_users().is_none();
    let group = match is_group {
        true => Some(conversation.group().await.ok()?),
        false => None,
    };
    let retention = conversation.retention().await.ok()?.set;
    let members = conversation.members().await.ok()?;
    let pins = conversation.pins().await.ok()?;
    let cursors = members.iter().map(|member| MemberCursors {
        user: member.user.id,
        delivered: member.read,
        read: member.read,
    });
    let cursors = cursors.collect();
    let me = client.whoami().user;
    let kind = if is_group {
        let name = name.parse().ok()?;
        ConversationKind::Group { name }
    } else {
        let peer = members.iter().find(|member| member.user.id != me)?;
        let peer = peer.user.clone();
        ConversationKind::Direct { peer }
    };
    let details = Details::new(&kind, group, retention, &members, pins);
    Some(Input::Details {
        conversation: id,
        details: Box::new(details),
        users: members.into_iter().map(|member| member.user).collect(),
        cursors,
    })
}

/// Requests what waits in a queue.
async fn inquiries(client: Client, queue: ConversationId) -> Input {
    let desk = client.desk();
    let max = limits::WAITING_SHOWN_MAX;
    let waiting = desk.inquiries(queue, InquiryFilter::Waiting, None, max);
    let mut found = waiting.await.map(|page| page.items);
    if let Ok(found) = &mut found
        && found.len() < max
    {
        let left = desk.inquiries(queue, InquiryFilter::Left, None, max).await;
        found.extend(left.into_iter().flat_map(|page| page.items));
    }
    Input::Inquiries {
        queue,
        found: found.ok(),
    }
}

async fn receipts(client: Client, conversation: ConversationId, msgid: MsgId) -> Option<Input> {
    let receipts = client.conversation(conversation).receipts(msgid).await;
    Some(Input::Receipts {
        conversation,
        msgid,
        who: receipts.ok()?.who,
    })
}
