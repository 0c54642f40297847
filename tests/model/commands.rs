//! Commands of every type, and their answers.

use std::fmt::{self, Debug, Formatter};

use cairn_core::api::command::{
    AddDevice, AllowReset, BeginEpoch, BeginUpload, CollectAttachments, EndUpload, Expire,
    FindAccount, FindOrphans, GetRetained, GrantDownload, GrantFocus, GrantMetrics, GrantRead,
    Invite, Join, KeepsByDefault, Login, OwnerInvite, ReplacePassword, Reset,
};
use cairn_core::prefetch::Load;
use cairn_core::{Asked, Batch, By, State};
use cairn_proto::ids::Timestamp;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::{ListConversations, ListDevices, Watch};
use cairn_proto::wire::request::{Answer, Call, Visit, Visitor};

macro_rules! commands {
    ($($kind:ident($command:ty),)*) => {
        #[derive(Clone, Debug)]
        pub(super) enum Command {
            $($kind($command),)*
        }

        pub(super) enum Reply {
            $($kind(<$command as cairn_core::Command>::Answer),)*
        }

        $(
            impl From<$command> for Command {
                fn from(command: $command) -> Self {
                    Self::$kind(command)
                }
            }
        )*

        impl Debug for Reply {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$kind(answer) => answer.fmt(f),)*
                }
            }
        }

        impl Command {
            /// Returns what the state must load for it.
            pub(super) fn missing(&self, state: &State) -> Vec<Load> {
                let mut loads = Vec::new();
                match self {
                    $(Self::$kind(command) => {
                        let _found =
                            cairn_core::Command::prefetch(command, state, &mut loads);
                    })*
                }
                loads
            }

            pub(super) fn execute(
                self,
                state: &mut State,
                now: Timestamp,
                batch: &mut Batch,
            ) -> Result<Reply, ErrorCode> {
                match self {
                    $(Self::$kind(command) => {
                        cairn_core::Command::run(command, state, now, batch).map(Reply::$kind)
                    })*
                }
            }
        }
    };
}

commands! {
    OwnerInvite(OwnerInvite),
    Invite(Invite),
    Join(Join),
    FindAccount(FindAccount),
    AllowReset(AllowReset),
    Reset(Reset),
    ReplacePassword(ReplacePassword),
    AddDevice(AddDevice),
    Login(Login),
    BeginEpoch(BeginEpoch),
    GrantRead(GrantRead),
    GrantFocus(GrantFocus),
    GrantMetrics(GrantMetrics),
    KeepsByDefault(KeepsByDefault),
    GetRetained(GetRetained),
    Expire(Expire),
    BeginUpload(BeginUpload),
    EndUpload(EndUpload),
    GrantDownload(GrantDownload),
    CollectAttachments(CollectAttachments),
    FindOrphans(FindOrphans),
    Ask(By<Asked>),
    ListConversations(By<ListConversations>),
    ListDevices(By<ListDevices>),
    Watch(By<Watch>),
}

impl Command {
    /// Formats the result. The answer to a request is decoded as that of its kind.
    pub(super) fn show(&self, result: &Result<Reply, ErrorCode>) -> String {
        match (self, result) {
            (Self::Ask(By(_, asked)), Ok(Reply::Ask(answer))) => {
                let decoded = Decoded(answer);
                match asked {
                    Asked::Message(request) => request.visit_ref(decoded),
                    Asked::Reading(request) => request.visit_ref(decoded),
                    Asked::Group(request) => request.visit_ref(decoded),
                    Asked::People(request) => request.visit_ref(decoded),
                    Asked::Server(request) => request.visit_ref(decoded),
                    Asked::Desk(request) => request.visit_ref(decoded),
                }
            }
            _ => format!("{result:?}"),
        }
    }
}

struct Decoded<'a>(&'a Answer);

impl Visitor for Decoded<'_> {
    type Output = String;
}

impl<C: Call> Visit<&C> for Decoded<'_>
where
    C::Answer: Debug,
{
    fn visit(self, _: &C) -> String {
        let value = self.0.of::<C>().unwrap();
        assert_eq!(Answer::to::<C>(&value), *self.0);
        format!("Ok({value:?})")
    }
}
