//! Log bytes per request are independent of group size, for every kind of message and amendment:
//! nothing is written per member.

use std::path::Path;

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{Invite, Join, NewDevice, OwnerInvite};
use cairn_core::record::SecretHash;
use cairn_core::{Asked, By};
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::content::message::Draft;
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, MsgId, SendStreamId, Timestamp, UserId,
};
use cairn_proto::limits::USERS_PER_REQUEST_MAX;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::request::group::{AddMembers, CreateGroup};
use cairn_proto::wire::request::message::{Edit, Pin, React, Recall};
use cairn_proto::wire::request::reading::MarkRead;
use cairn_store::engine::Engine;
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::new(1_000_000);

struct Team {
    engine: Engine,
    group: ConversationId,
    owner: Actor,
    member: UserId,
}

fn token(number: u64) -> SecretHash {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    SecretHash(hash)
}

impl Team {
    fn of(dir: &Path, members: u64) -> Self {
        let mut engine = Engine::open(dir).unwrap();
        engine
            .execute(
                OwnerInvite {
                    token: token(0),
                    expires_at: Timestamp::new(u64::MAX),
                },
                NOW,
            )
            .unwrap();
        let owner = join(&mut engine, token(0), 1);
        engine
            .execute(
                Invite {
                    actor: owner,
                    token: token(u64::MAX),
                    uses: 10_000,
                    life_seconds: 60,
                },
                NOW,
            )
            .unwrap();
        let others: Vec<UserId> = (2..=members)
            .map(|number| join(&mut engine, token(u64::MAX), number).user)
            .collect();
        let create = CreateGroup {
            name: "team".parse().unwrap(),
            members: Vec::new(),
        };
        let group = engine.execute(By(owner, create), NOW).unwrap();
        let mut team = Self {
            engine,
            group,
            owner,
            member: others[0],
        };
        for users in others.chunks(USERS_PER_REQUEST_MAX) {
            team.costs(Request::from(AddMembers {
                conversation: group,
                users: users.to_vec(),
            }));
        }
        team.engine.commit().unwrap();
        team
    }

    /// The log bytes of a request from the owner.
    fn costs(&mut self, request: Request) -> usize {
        let asked = Asked::try_from(request).unwrap();
        let before = self.engine.batch_bytes();
        self.engine.execute(By(self.owner, asked), NOW).unwrap();
        self.engine.batch_bytes() - before
    }

    fn last(&self) -> MsgId {
        self.engine
            .state()
            .conversation(self.group)
            .unwrap()
            .record
            .head
    }

    fn all_costs(&mut self) -> Vec<usize> {
        let (conversation, member) = (self.group, self.member);
        let said = |seq: u64, extras: &[Extra]| {
            let body = Body::Text("at noon?".parse().unwrap());
            Request::from(Draft {
                conversation,
                seq: ClientSeq::new(seq),
                content: Content::new(body, Extras::new(extras.to_vec()).unwrap()),
            })
        };
        let mut costs = vec![self.costs(said(1, &[]))];
        let msgid = self.last();
        costs.push(self.costs(said(
            2,
            &[
                Extra::ReplyTo(msgid),
                Extra::Mention(member),
                Extra::MentionAll,
            ],
        )));
        for request in [
            Request::from(React {
                conversation,
                msgid,
                emoji: "+1".parse().unwrap(),
            }),
            Request::from(Edit {
                conversation,
                msgid,
                text: "at one?".parse().unwrap(),
            }),
            Request::from(Pin {
                conversation,
                msgid,
            }),
            Request::from(MarkRead {
                conversation,
                msgid,
            }),
            Request::from(Recall {
                conversation,
                msgid,
            }),
        ] {
            costs.push(self.costs(request));
        }
        self.engine.commit().unwrap();
        costs
    }
}

fn join(engine: &mut Engine, invite: SecretHash, number: u64) -> Actor {
    let name = format!("user{number}").parse().unwrap();
    let device = NewDevice {
        id: DeviceId::new(number),
        name: "desk".parse().unwrap(),
        token: token(number),
        stream: SendStreamId::new(1),
        push: false,
    };
    let join = Join {
        invite,
        name,
        password: None,
        device,
    };
    engine.execute(join, NOW).unwrap().actor
}

#[test]
fn log_cost_is_independent_of_group_size() {
    let costs = [3, 2_000].map(|members| {
        let dir = TempDir::new().unwrap();
        let mut team = Team::of(dir.path(), members);
        let costs = team.all_costs();
        team.engine.close().unwrap();
        costs
    });
    assert_eq!(costs[0], costs[1]);
    let [text, reply, ..] = costs[0][..] else {
        panic!("{costs:?}")
    };
    assert!(text > "at noon?".len() && reply > text, "{costs:?}");
}
