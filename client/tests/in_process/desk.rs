//! The support desk over days: inquiries expire by the retention of their queue.

use cairn_client::proto::model::desk::{AgentConfig, AgentQueue, AnswerMode, Duty, QueueConfig};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Error, Question, Visit};
use cairn_memory::Limits;
use cairn_testing::{DAY, Server};
use tokio::time::sleep;

const SAID: &str = "expire-said-1f1f where is my order";
const NOTE: &str = "expire-note-2e2e a friend of the owner";
const NAME: &str = "Expire Visitor 3d3d";
const LATER: &str = "stays-4c4c do you ship";

#[tokio::test(start_paused = true)]
async fn inquiries_expire_by_the_retention_of_their_queue() {
    let (mut server, invite) = Server::start(Limits::default()).await;
    let (ada, account) = server.join(&invite, "ada").await;
    let mut config = QueueConfig::new("sales".parse().unwrap());
    (config.answer, config.retention_days) = (AnswerMode::Assign, 2);
    let queue = ada.desk().create_queue(config).await.unwrap();
    let link = ada.desk().create_link(queue, false).await.unwrap().link;
    let agent = AgentConfig {
        public_name: None,
        capacity: 5,
        queues: vec![AgentQueue {
            queue,
            level: 0,
            delay_seconds: 0,
        }],
        supervises: Vec::new(),
    };
    let user = ada.whoami().user;
    ada.desk().set_agent(user, agent).await.unwrap();
    ada.desk().set_duty(Duty::On).await.unwrap();

    let mut visit = Visit::new(Visit::new_token());
    visit.name = Some(NAME.parse().unwrap());
    let visitor = server.client().visit(&link, visit).await.unwrap();
    let id = visitor.id().get();
    let asked = visitor.ask(Question::new(SAID.parse().unwrap())).await;
    let conversation = asked.unwrap().conversation;
    ada.desk().take(conversation).await.unwrap();
    ada.desk().note(conversation, NOTE).await.unwrap();
    ada.desk().close(conversation, Vec::new()).await.unwrap();
    visitor.close().await;
    ada.close().await;
    server.stop().await;

    let contents = server.contents();
    for (word, place) in [
        (SAID, "messages"),
        (SAID, "desk_askers"),
        (NOTE, "messages"),
        (NAME, "desk_askers"),
    ] {
        let places = contents.places_of(word.as_bytes());
        assert!(places.contains(place), "{word:?} is in {places:?}");
    }
    let places = contents.places_of(&id.to_be_bytes());
    assert!(places.contains("desk_visitors"), "{places:?}");

    server.run().await;
    let ada = server.client().connect(&account).await.unwrap();
    sleep(DAY).await;
    ada.desk().inquiry(conversation).await.unwrap();
    let visit = Visit::new(Visit::new_token());
    let other = server.client().visit(&link, visit).await.unwrap();
    let asked = other.ask(Question::new(LATER.parse().unwrap())).await;
    let later = asked.unwrap().conversation;
    other.close().await;
    sleep(DAY + DAY / 2).await;
    let gone = ada.desk().inquiry(conversation).await;
    assert_eq!(gone.err(), Some(Error::Refused(ErrorCode::NotFound)));
    ada.desk().inquiry(later).await.unwrap();
    ada.close().await;
    server.stop().await;

    let contents = server.contents();
    for word in [SAID, NOTE, NAME] {
        let places = contents.places_of(word.as_bytes());
        assert!(places.is_empty(), "{word:?} is in {places:?}");
    }
    for form in [id.to_be_bytes(), id.to_le_bytes()] {
        let places = contents.places_of(&form);
        assert!(places.is_empty(), "the visitor's id is in {places:?}");
    }
    let places = contents.places_of(LATER.as_bytes());
    assert!(places.contains("messages"), "{places:?}");
}
