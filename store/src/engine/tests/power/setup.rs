//! Users and conversations of an empty machine.

use cairn_proto::ids::{ConversationId, DeviceId, SendStreamId, Timestamp};
use cairn_proto::model::retention::Retention;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::group::{CreateGroup, SetRetention};

use super::ledger::{CONVERSATIONS, USERS};
use super::machine::Machine;
use cairn_core::api::command::{
    BeginEpoch, Invite, Join, Login, NewDevice, OwnerInvite, StreamPast,
};
use cairn_core::command::By;
use cairn_core::record::SecretHash;

impl Machine {
    /// Starts an empty machine, with users and conversations.
    pub(super) fn set_up(&mut self) -> Result<(), String> {
        self.open()?;
        self.populate().map_err(|code| format!("{code:?}"))?;
        let committed = self.engine.as_mut().unwrap().commit();
        committed.map_err(|error| error.to_string())?;
        self.accepted = self.next.clone();
        Ok(())
    }

    /// As [`Machine::set_up`], after a power cut during it.
    pub(super) fn set_up_again(&mut self) -> Result<(), String> {
        self.open()?;
        // The users and conversations are one batch.
        let login = login(0);
        if self.execute(login).is_err() {
            self.engine = None;
            return self.set_up();
        }
        Ok(())
    }

    fn populate(&mut self) -> Result<(), ErrorCode> {
        self.execute(BeginEpoch(cairn_proto::ids::EpochId::new(1)))?;
        let expires_at = Timestamp::new(u64::MAX);
        let token = token(100);
        self.execute(OwnerInvite { token, expires_at })?;
        self.join(0, token)?;
        let invite = Invite {
            actor: self.actors[0],
            token: self::token(101),
            uses: USERS as u32,
            life_seconds: 1_000,
        };
        self.execute(invite)?;
        (1..USERS).try_for_each(|user| self.join(user, self::token(101)))?;
        for group in 1..CONVERSATIONS {
            let create = CreateGroup {
                name: format!("group {group}").parse().unwrap(),
                members: self.actors[1..].iter().map(|actor| actor.user).collect(),
            };
            let conversation = self.execute(By(self.actors[0], create))?;
            self.conversations.push(conversation);
        }
        let [a, b] = [self.actors[0].user, self.actors[1].user];
        self.conversations
            .push(ConversationId::direct(a, b).unwrap());
        let retention = SetRetention {
            conversation: self.conversations[0],
            retention: Some(Retention::Days(1)),
        };
        self.execute(By(self.actors[0], retention))?;
        self.note_heads()
    }

    fn join(&mut self, user: usize, invite: SecretHash) -> Result<(), ErrorCode> {
        let device = NewDevice {
            id: DeviceId::new(user as u64 + 1),
            name: "desk".parse().unwrap(),
            token: token(user),
            stream: SendStreamId::new(user as u64 + 1),
            push: false,
        };
        let joined = self.execute(Join {
            invite,
            name: format!("user{user}").parse().unwrap(),
            password: None,
            device,
        })?;
        self.actors.push(joined.actor);
        Ok(())
    }
}

pub(super) fn login(user: usize) -> Login {
    Login {
        token: token(user),
        stream: SendStreamId::new(user as u64 + 1),
        stream_past: StreamPast::New,
        push: false,
        since: None,
    }
}

fn token(n: usize) -> SecretHash {
    SecretHash([n as u8 + 1; 32])
}
