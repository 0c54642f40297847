//! Erasure: what a visitor said, and what is known of them, is nowhere in the data directory once
//! it is stored. The words are found first, in the form in which they are stored.

use std::collections::BTreeSet;
use std::path::Path;

use cairn_client::Account;
use cairn_client::proto::content::attachment::TransferFrame;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ClientSeq, ConversationId, VisitorId};
use cairn_client::proto::model::desk::VisitorState;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::desk::{
    CloseInquiry, EraseVisitor, GetInquiry, OpenBack, RateInquiry,
};
use cairn_client::proto::wire::request::session::OpenInquiry;
use cairn_store::env::Env;
use cairn_store::testing::contents::{ATTACHMENTS, Contents, LOG};

use crate::desk::Desk;
use crate::desk::people::{self, Agent, Visitor};
use crate::hostile::attachments;
use crate::hostile::raw::Raw;
use crate::support::{cairn, until};

/// Everything that a visitor leaves behind.
const WORDS: [(&str, &str); 8] = [
    ("first", "erase-first-9a1c where is my order"),
    ("said", "erase-said-77d0 it never arrived"),
    ("file", "erase-file-c0de a photo of the parcel"),
    ("file name", "erase-name-51aa.txt"),
    ("name", "Erase Visitor 3f3f"),
    ("attribute", "erase-attr-0b0b"),
    ("page", "https://shop.example/erase-page-d1d1"),
    ("note", "erase-note-e2e2 knows the owner"),
];
const RATING: &str = "erase-rating-f4f4 never again";

fn word(name: &str) -> &'static str {
    WORDS.iter().find(|(known, _)| *known == name).unwrap().1
}

/// A visitor who asks, is answered, and rates.
async fn lives(desk: &mut Desk, mei: &mut Agent) -> (VisitorId, ConversationId) {
    let mut credentials = people::credentials(&desk.key, people::token());
    credentials.name = Some(word("name").parse().unwrap());
    let mut visitor = Visitor::connect_with(&desk.server, credentials).await;
    let open = OpenInquiry {
        topic: None,
        page: Some(word("page").parse().unwrap()),
        attrs: vec![("order".parse().unwrap(), word("attribute").parse().unwrap())],
        seq: ClientSeq::new(1),
        text: word("first").parse().unwrap(),
    };
    let conversation = visitor.ask(open).await.unwrap().conversation;
    mei.gets(word("first")).await;
    visitor
        .until_state("mei has it", |inquiry| {
            matches!(inquiry.state, VisitorState::Answered { .. })
        })
        .await;
    let raw = &mut visitor.pushed.raw;
    let said = Body::Text(word("said").parse().unwrap());
    raw.send(conversation, 2, said).await.unwrap();
    let bytes = word("file").as_bytes();
    let hash = attachments::hash_of(bytes);
    let stored = attachments::upload(raw, hash, bytes.len() as u64, bytes).await;
    assert_eq!(stored, TransferFrame::Stored);
    let mut file = attachments::file(bytes);
    file.name = word("file name").parse().unwrap();
    let file = Body::File(Box::new(file));
    raw.send(conversation, 3, file).await.unwrap();
    let back = mei.ask(OpenBack { conversation }).await.unwrap();
    mei.says(back, 1, word("note")).await.unwrap();
    let tags = Vec::new();
    mei.ask(CloseInquiry { conversation, tags }).await.unwrap();
    let rate = RateInquiry {
        conversation,
        stars: 1,
        text: RATING.parse().unwrap(),
    };
    visitor.ask(rate).await.unwrap();
    (visitor.welcome.visitor, conversation)
}

fn stored(data: &Path) -> Contents {
    Contents::read(&Env::real(), data)
}

/// Where a visitor's id is, in keys and in values.
fn id_places(contents: &Contents, visitor: VisitorId) -> BTreeSet<String> {
    let forms = [visitor.get().to_be_bytes(), visitor.get().to_le_bytes()];
    let places = forms.iter().flat_map(|form| contents.places_of(form));
    places.map(str::to_owned).collect()
}

/// Where each word is that is left.
fn words_in(contents: &Contents) -> Vec<(&str, BTreeSet<&str>)> {
    let words = WORDS.iter().map(|(_, word)| *word).chain([RATING]);
    let places = words.map(|word| (word, contents.places_of(word.as_bytes())));
    places.filter(|(_, places)| !places.is_empty()).collect()
}

/// Where each word must be found while it lives.
fn check_control(contents: &Contents, places: &[(&str, &str)]) {
    for (name, place) in places {
        let found = contents.places_of(word(name).as_bytes());
        assert!(found.contains(place), "{name} is in {found:?}");
    }
}

async fn log_in(desk: &Desk, account: &Account) -> Raw {
    Raw::log_in(desk.server.addr, account).await
}

#[tokio::test]
async fn nothing_is_left_of_an_erased_visitor() {
    let mut desk = Desk::open(|_| {}).await;
    let mut mei = desk.agent("mei", 5).await;
    let (visitor, conversation) = lives(&mut desk, &mut mei).await;
    let mut neighbour = desk.visitor().await;
    neighbour.opens("neighbour-8c8c asks").await.unwrap();
    let neighbour_id = neighbour.welcome.visitor;
    mei.gets("neighbour-8c8c asks").await;

    // The control: in the log, and after a checkpoint in blocks and rows.
    desk.server.kill();
    check_control(
        &stored(desk.server.data()),
        &[
            ("first", LOG),
            ("said", LOG),
            ("file", ATTACHMENTS),
            ("file name", LOG),
            ("name", LOG),
            ("attribute", LOG),
            ("page", LOG),
            ("note", LOG),
        ],
    );
    desk.server.restart();
    assert!(desk.server.stop().success());
    let contents = stored(desk.server.data());
    check_control(
        &contents,
        &[
            ("first", "messages"),
            ("first", "desk_askers"),
            ("said", "messages"),
            ("file", ATTACHMENTS),
            ("file name", "messages"),
            ("name", "desk_askers"),
            ("attribute", "desk_askers"),
            ("page", "desk_askers"),
            ("note", "messages"),
        ],
    );
    let rated = contents.places_of(RATING.as_bytes());
    assert!(rated.contains("desk_inquiries"), "{rated:?}");
    let of_id = id_places(&contents, visitor);
    assert!(of_id.contains("desk_visitors"), "{of_id:?}");

    desk.server.restart();
    let account = desk.owner_account.clone();
    let mut admin = log_in(&desk, &account).await;
    let unknown = VisitorId::new(visitor.get() ^ 1);
    let refused = admin.ask(EraseVisitor { visitor: unknown }).await;
    assert_eq!(refused, Err(ErrorCode::NotFound));
    assert_eq!(admin.ask(EraseVisitor { visitor }).await, Ok(1));
    let gone = admin.ask(GetInquiry { conversation }).await;
    assert_eq!(gone, Err(ErrorCode::NotFound));
    let again = admin.ask(EraseVisitor { visitor }).await;
    assert_eq!(again, Err(ErrorCode::NotFound));

    // The work is done in steps, which a stop may interrupt. The file is collected after them.
    until("nothing is left in rows, blocks and log", async || {
        assert!(desk.server.stop().success());
        let contents = stored(desk.server.data());
        let (mut left, of_id) = (words_in(&contents), id_places(&contents, visitor));
        println!("left: {left:?}; id: {of_id:?}");
        left.retain(|(_, places)| *places != BTreeSet::from([ATTACHMENTS]));
        desk.server.restart();
        left.is_empty() && of_id.is_empty()
    })
    .await;
    let hash = attachments::hash_of(word("file").as_bytes()).to_string();
    let folder = desk.server.data().join(ATTACHMENTS).join(&hash[..2]);
    until("the file is collected after the start", async || {
        !folder.join(&hash).exists()
    })
    .await;
    assert!(desk.server.stop().success());
    let contents = stored(desk.server.data());
    assert_eq!(words_in(&contents), []);
    assert_eq!(id_places(&contents, visitor), BTreeSet::new());
    let kept = contents.places_of(b"neighbour-8c8c asks");
    assert!(kept.contains("messages"), "{kept:?}");
    assert!(id_places(&contents, neighbour_id).contains("desk_visitors"));
    let checked = cairn(&["doctor", "--full", "--data"])
        .arg(desk.server.data())
        .output()
        .unwrap();
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );

    // Compaction leaves nothing in the files themselves.
    let compacted = cairn(&["compact", "--data"])
        .arg(desk.server.data())
        .output()
        .unwrap();
    assert!(compacted.status.success());
    let files = Contents::of_files(&Env::real(), desk.server.data());
    for (_, word) in WORDS {
        let left = files.places_of(word.as_bytes());
        assert!(left.is_empty(), "{word:?} is in {left:?}");
    }
    assert!(files.places_of(RATING.as_bytes()).is_empty());
}
