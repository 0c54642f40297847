//! Requests that a session handles itself, and those about the server.

mod audit;
mod search;

use cairn_proto::ids::{ConversationId, DeviceId, LinkId, MsgId};
use cairn_proto::invite::ServerAddr;
use cairn_proto::model::user::{DeviceInfo, InviteInfo, InvitePage, ServerRole};
use cairn_proto::secret::{InviteToken, ResetToken};
use cairn_proto::wire::metrics::{
    Bucket, CheckpointMetrics, ClockMetrics, DeskMetrics, Histogram, Metrics, SearchMetrics,
};
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::server::{
    DeactivateUser, ListInvites, ListSettings, ReactivateUser, RevokeDevice, RevokeInvite,
    SetServerRole, SetSetting,
};
use cairn_proto::wire::request::session::{
    CreateInvite, CreateReset, Focus, GetMetrics, ListConversations, ListDevices, NewInvite,
    NewReset, Pull, PullRange, Pulled, SetPassword, SetPresence, Watch,
};

use super::Samples;
use super::bodies::run;
use super::overview::{conversation_page, moment, overview_place};
use super::people::{presence, setting};
use super::values::{CAROL, DIRECT, GROUP, MESSAGE, NOON, device_name};

pub(super) fn add_all(samples: &mut Samples) {
    samples.add(vec![
        PullRange::From(MsgId::new(1)),
        PullRange::Before(MsgId::new(251)),
    ]);
    samples.add(vec![pulled()]);
    samples.add(vec![device()]);
    samples.add(vec![invite()]);
    samples.add(vec![invite().id]);
    samples.add(vec![metrics()]);
    samples.add(vec![metrics().checkpoints]);
    samples.add(vec![metrics().clock]);
    samples.add(vec![metrics().searches]);
    samples.add(vec![metrics().desk]);
    samples.add(vec![metrics().syncs]);
    samples.add(metrics().syncs.buckets().to_vec());
    add_history(samples);
    add_sessions(samples);
    add_server(samples);
}

fn add_history(samples: &mut Samples) {
    let forwards = Pull {
        conversation: GROUP,
        range: PullRange::From(MsgId::new(1)),
        limit: 500,
    };
    let backwards = Pull {
        conversation: DIRECT,
        range: PullRange::Before(MESSAGE),
        limit: 1,
    };
    samples.ask(forwards, pulled());
    samples.ask_again(backwards);
    let all = ListConversations {
        since: None,
        after: None,
    };
    let changed = ListConversations {
        since: Some(moment()),
        after: Some(overview_place()),
    };
    samples.ask(all, conversation_page());
    samples.ask_again(changed);
}

fn add_sessions(samples: &mut Samples) {
    let watch = Watch { users: vec![CAROL] };
    samples.ask(watch, List(vec![presence()]));
    let present = presence().devices[0];
    samples.ask(SetPresence { present }, ());
    samples.ask(Focus { conversation: None }, ());
    let group = Focus {
        conversation: Some(ConversationId::new(u64::MAX)),
    };
    samples.ask_again(group);
}

fn add_server(samples: &mut Samples) {
    let create_invite = CreateInvite {
        uses: 10_000,
        life_seconds: 604_800,
    };
    samples.ask(create_invite, invite());
    samples.ask(ListDevices, List(vec![device()]));
    let revoked = DeviceId::new(0x1122_3344_5566_7788);
    samples.ask(RevokeDevice { device: revoked }, ());
    samples.ask(GetMetrics, metrics());
    audit::add_all(samples);
    search::add_all(samples);
    samples.ask(ListSettings, List(vec![setting()]));
    let set = SetSetting {
        name: setting().name,
        value: setting().value,
    };
    samples.ask(set, setting());
    let promote = SetServerRole {
        user: CAROL,
        role: ServerRole::Admin,
    };
    samples.ask(promote, ());
    samples.ask(DeactivateUser { user: CAROL }, List(vec![GROUP]));
    samples.ask(ReactivateUser { user: CAROL }, ());
    add_links(samples);
}

fn add_links(samples: &mut Samples) {
    let invite = InviteInfo {
        id: LinkId::new(0x9f86_d081),
        role: ServerRole::Member,
        maker: Some(CAROL),
        uses_left: 3,
        expires_at: NOON,
        uses: 1,
        used_by: vec![CAROL],
    };
    let page = InvitePage {
        items: vec![invite.clone()],
        next_after: Some(invite.id),
    };
    samples.add(vec![invite.clone()]);
    samples.add(vec![page.clone()]);
    samples.ask(ListInvites { after: None }, page);
    samples.ask_again(ListInvites {
        after: Some(invite.id),
    });
    samples.ask(RevokeInvite { invite: invite.id }, ());
    let password = |raw: &str| raw.parse().unwrap();
    let set = SetPassword {
        old: Some(password("battery staple")),
        new: password("correct horse"),
        end_other_devices: true,
    };
    samples.ask(set, ());
    let reset = NewReset {
        addr: ServerAddr::new("chat.example.org", 7766),
        token: ResetToken::new([0x5a; 16]),
    };
    samples.add(vec![reset.clone()]);
    let create = CreateReset {
        user: CAROL,
        keep_devices: false,
    };
    samples.ask(create, reset);
}

fn pulled() -> Pulled {
    Pulled {
        run: run(),
        head: MsgId::new(1 << 40),
        floor: MsgId::new(249),
    }
}

fn device() -> DeviceInfo {
    DeviceInfo {
        id: DeviceId::new(5),
        name: device_name(),
        created_at: NOON,
        current: true,
        online: false,
    }
}

fn invite() -> NewInvite {
    NewInvite {
        addr: ServerAddr::new("chat.example.org", 7766),
        token: InviteToken::new([0xa5; 16]),
        id: LinkId::new(0x9f86_d081),
    }
}

fn metrics() -> Metrics {
    let buckets =
        [(127, 3), (1_023, 4_000_000), (9_000_000, 1)].map(|(up_to_micros, count)| Bucket {
            up_to_micros,
            count,
        });
    Metrics {
        uptime_micros: 86_400_000_000,
        sessions: 17,
        commands: 5_000_000_000,
        commits: 4_000_004,
        entries: 1 << 33,
        log_bytes: 1 << 41,
        prepared_bytes: 33_554_432,
        syncs: Histogram::from_iter(buckets),
        checkpoints: CheckpointMetrics {
            done: 250,
            micros: 70_000,
            entries: 65_536,
            blocks: 1_024,
            block_bytes: 4_194_304,
            rows: 251,
        },
        clock: ClockMetrics {
            time_ms: 1_700_000_000_000,
            system_ms: 1_900_000_000_000,
            has_jumped: true,
        },
        waits: Histogram::from_iter(buckets.into_iter().take(2)),
        delayed: 251,
        too_fast: 3,
        searches: SearchMetrics {
            requests: 251,
            refused: 2,
            blocks: 65_536,
            micros: 1 << 32,
        },
        desk: DeskMetrics {
            queues: 2,
            waiting: 251,
            offered: 3,
            held: 70_000,
            left: 5,
            on_duty: 300,
            ready: 6,
            steps: 1 << 33,
            steps_max: 64,
            visited: 1 << 34,
            visited_max: 65,
            visitors: 300,
            visitors_refused: 1,
            openings_refused: 2,
            identities_refused: 3,
        },
    }
}
