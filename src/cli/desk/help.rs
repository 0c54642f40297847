//! Examples and JSON fields of the commands of the desk.

pub(super) const DESK: &str = "EXAMPLES
  cairn desk on
  cairn desk --follow
  cairn desk accept 17
  cairn desk reply 17 'Hello, how can I help?'
  cairn desk close 17 --tag shipping
  cairn desk --json | jq 'select(.event == \"offer\")'

docs/SUPPORT.md sets up a desk in ten minutes

JSON, one line for the agent, each offer, each inquiry that they hold, and each queue
  {\"event\":\"agent\",\"agent\":\"ada\",\"duty\":\"on\",\"present\":true,\"load\":1,\
   \"capacity\":3,\"missed\":0}
  {\"event\":\"offer\",\"inquiry\":17,…,\"until_ms\":1700000000000,\"line\":\"where is it?\"}
  {\"event\":\"held\",\"inquiry\":12,…}: the fields of `cairn desk list --json`
  {\"event\":\"queue\",\"queue\":\"sales\",\"waiting\":3,\"offered\":1,\"held\":7,\"left\":0,\
   \"on_duty\":4,\"ready\":1,
   \"oldest_waiting_since_ms\":1700000000000,\"open\":true}
with --follow also
  {\"event\":\"offer-gone\",\"inquiry\":17,\"why\":\"accepted\"}
    why: accepted, refused, expired, withdrawn
  {\"event\":\"changed\",\"inquiry\":12,…}
  {\"event\":\"duty\",\"duty\":\"break\",\"forced\":true}: forced if several offers passed
  {\"event\":\"disconnected\",\"reason\":\"…\"}
  {\"event\":\"reconnected\"}";

pub(super) const ON: &str = "EXAMPLES
  cairn desk on
  cairn desk on --agent bob         as a supervisor

JSON
  {\"agent\":\"ada\",\"duty\":\"on\"}";

pub(super) const OFF: &str = "EXAMPLES
  cairn desk off

JSON
  {\"agent\":\"ada\",\"duty\":\"off\"}";

pub(super) const BREAK: &str = "EXAMPLES
  cairn desk break

JSON
  {\"agent\":\"ada\",\"duty\":\"break\"}";

pub(super) const ACCEPT: &str = "EXAMPLES
  cairn desk accept 17

JSON
  {\"inquiry\":17,\"done\":\"accepted\"}";

pub(super) const REFUSE: &str = "EXAMPLES
  cairn desk refuse 17

JSON
  {\"inquiry\":17,\"done\":\"refused\"}";

pub(super) const TAKE: &str = "EXAMPLES
  cairn desk list sales --state left
  cairn desk take 17

JSON
  {\"inquiry\":17,\"done\":\"took\"}";

pub(super) const REPLY: &str = "EXAMPLES
  cairn desk reply 17 'It left our house on Monday.'
  cairn desk reply 17 --canned hello

JSON
  {\"inquiry\":17,\"conversation\":17,\"msgid\":4}";

pub(super) const NOTE: &str = "EXAMPLES
  cairn desk note 17 'a good customer: be generous'

JSON; conversation is the back room of the inquiry
  {\"inquiry\":17,\"conversation\":18,\"msgid\":1}";

pub(super) const TRANSFER: &str = "EXAMPLES
  cairn desk transfer 17 @bob --note 'speaks French'
  cairn desk transfer 17 after-sale
  cairn desk transfer 17 --queue after-sale

JSON
  {\"inquiry\":17,\"done\":\"passed on\"}";

pub(super) const CLOSE: &str = "EXAMPLES
  cairn desk close 17
  cairn desk close 17 --tag refund --tag shipping

JSON
  {\"inquiry\":17,\"done\":\"closed\"}";

pub(super) const REOPEN: &str = "EXAMPLES
  cairn desk reopen 17

JSON
  {\"inquiry\":17,\"done\":\"opened again\"}";

pub(super) const TAG: &str = "EXAMPLES
  cairn desk tag 17 refund
  cairn desk tag 17 --remove refund

JSON
  {\"inquiry\":17,\"done\":\"tagged\"}";

pub(super) const PRIORITY: &str = "EXAMPLES
  cairn desk priority 17 9

JSON
  {\"inquiry\":17,\"done\":\"set the priority of\"}";

pub(super) const LIST: &str = "EXAMPLES
  cairn desk list
  cairn desk list sales --closed --limit 20
  cairn desk list sales --closed --limit 20 --before 17
  cairn desk list sales --closed --limit 1000 --json | jq .tags
  cairn desk list --json | jq -r 'select(.state == \"waiting\") | .inquiry'

JSON, one for each inquiry, with null for what there is not; state is waiting, offered, held, left
or closed; visitor is the number that `cairn desk erase` takes
  {\"inquiry\":17,\"queue\":\"sales\",\"state\":\"held\",\"agent\":\"ada\",\"until_ms\":null,\
   \"visitor\":\"9f86d081884c7d65\",
   \"name\":\"Li\",\"sub\":null,\"topic\":\"shipping\",\"page\":\"https://shop.example/cart\",\
   \"language\":\"zh\",\"signed\":{},
   \"unsigned\":{},\"priority\":4,\"waiting_since_ms\":1700000000000,\
   \"opened_at_ms\":1700000000000,
   \"first_reply_at_ms\":null,\"closed_at_ms\":null,\"closed_by\":null,\"tags\":[],\
   \"stars\":null,\"rating\":null,
   \"refused\":[],\"last_agent\":\"ada\",\"back_room\":null,\"head\":3}";

pub(super) const JOIN: &str = "EXAMPLES
  cairn desk join 17

JSON
  {\"inquiry\":17,\"done\":\"joined\"}";

pub(super) const ASSIGN: &str = "EXAMPLES
  cairn desk assign 17 bob

JSON
  {\"inquiry\":17,\"done\":\"gave away\"}";

pub(super) const EXPLAIN: &str = "EXAMPLES
  cairn desk explain 17
  cairn desk explain 17 --json | jq -c '.agents[] | {agent, reason}'

JSON, the fields of `cairn desk list --json`, and
  {…,\"rule\":1,\"verdict\":\"not-ready\",\"asked_again_at_ms\":null,\"agents\":[{\"agent\":\
   \"ada\",\"level\":0,\"load\":3,
   \"capacity\":3,\"reason\":\"full\",\"from_ms\":null}]}
  verdict: held offered no-agents not-ready refused-by-all manual queue-closed next left closed
  reason: chosen first sticky behind-others higher-level off-duty on-break away full refused
    delayed";

pub(super) const WATCH: &str = "EXAMPLES
  cairn desk watch
  cairn desk watch sales --json
  cairn desk watch --once --json

JSON, one for each queue and agent that changed, and each step of routing that you may see
  {\"event\":\"queue\",\"queue\":16,\"name\":\"sales\",…}: the fields of \
   `cairn desk queue list --json`
  {\"event\":\"agent\",\"agent\":\"ada\",…}: the fields of `cairn desk agent list --json`
  {\"event\":\"step\",\"queue\":\"sales\",\"msgid\":7,\"at_ms\":1700000000000,\"inquiry\":17,\
   \"text\":\"…\"}";

pub(super) const REPORT: &str = "EXAMPLES
  cairn desk report
  cairn desk report sales --from 7d
  cairn desk report --from 2026-11-01 --to 2026-12-01 --json
  cairn desk report --from 30d --plot waits.svg --plot-counts counts.svg

JSON, one object; queues, agents and intervals have the fields of total
  {\"from_ms\":…,\"to_ms\":…,\"total\":{\"came\":9,\"answered\":8,\"closed\":7,\"reopened\":0,\
   \"offered\":10,\"missed\":2,
   \"refused\":0,\"returned\":0,\"transferred\":1,\"overflowed\":0,\"left\":0,\"ratings\":3,\
   \"mean_stars\":4.3,
   \"waiting\":{\"count\":8,\"mean_ms\":…,\"p50_ms\":…,\"p90_ms\":…,\"p99_ms\":…,\"max_ms\":…},
   \"first_reply\":{…},\"resolution\":{…}},\"queues\":[{\"queue\":\"sales\",…}],\
   \"agents\":[{\"agent\":\"ada\",…}],
   \"interval_ms\":900000,\"intervals\":[{\"from_ms\":…,…}]}
  waiting is until an agent has it, first_reply and resolution are from the opening";

pub(super) const TRANSCRIPT: &str = "EXAMPLES
  cairn desk transcript 17
  cairn desk transcript 17 -o inquiry-17.txt
  cairn desk transcript 17 --notes --json

JSON, one for each entry, as of `cairn tail --json`; with --output
  {\"inquiry\":17,\"file\":\"inquiry-17.txt\",\"messages\":9}";

pub(super) const ERASE: &str = "EXAMPLES
  cairn desk list --state closed --json | jq -r .visitor
  cairn desk erase 9f86d081884c7d65

JSON
  {\"visitor\":\"9f86d081884c7d65\",\"inquiries\":2}";

pub(super) const QUEUE: &str = "EXAMPLES
  cairn desk queue create pre-sale
  cairn desk queue list

JSON of create, set and remove
  {\"queue\":16,\"name\":\"pre-sale\"}";

pub(super) const QUEUE_CREATE: &str = "EXAMPLES
  cairn desk queue create pre-sale
  cairn desk queue create after-sale --hours 'mon-fri 09:00-18:00' --zone Asia/Shanghai
  cairn desk queue create vip --answer assign --strategy longest-idle --greeting 'Welcome back.'

JSON
  {\"queue\":16,\"name\":\"pre-sale\"}";

pub(super) const QUEUE_SET: &str = "EXAMPLES
  cairn desk queue set pre-sale --seconds 20 --may-take yes
  cairn desk queue set pre-sale --overflow-after 2m --overflow-to after-sale
  cairn desk queue set pre-sale --day '2026-12-25 closed' --day '2026-12-24 9-12'

JSON
  {\"queue\":16,\"name\":\"pre-sale\"}";

pub(super) const QUEUE_LIST: &str = "EXAMPLES
  cairn desk queue list
  cairn desk queue list --json | jq -c '{name, waiting, ready}'

JSON, one for each queue
  {\"queue\":16,\"name\":\"pre-sale\",\"open\":true,\"waiting\":3,\"offered\":1,\"held\":7,\
   \"left\":0,\"on_duty\":4,\"ready\":1,
   \"oldest_waiting_since_ms\":1700000000000,\"strategy\":\"least-busy\",\"answer\":\"offer\",\
   \"seconds\":30,\"hours\":null,
   \"zone\":null,\"greeting\":\"\",\"offline\":\"\",\"messages\":true,\"topics\":[],\
   \"waiting_max\":10000,
   \"overflow_after_s\":null,\"overflow_to\":null,\"sticky_days\":0,\"idle_close_s\":0,\
   \"absence_s\":10,\"may_take\":false,
   \"keep_days\":0}";

pub(super) const QUEUE_REMOVE: &str = "EXAMPLES
  cairn desk queue remove pre-sale

JSON
  {\"queue\":16,\"name\":\"pre-sale\"}";

pub(super) const AGENT: &str = "EXAMPLES
  cairn desk agent add ada --queue pre-sale --queue after-sale:1:30s --capacity 5
  cairn desk agent list

JSON of add, set and remove
  {\"user\":2,\"agent\":\"ada\"}";

pub(super) const AGENT_ADD: &str = "EXAMPLES
  cairn desk agent add ada --queue pre-sale
  cairn desk agent add bob --queue pre-sale:1 --queue after-sale --capacity 5 --name Robert
  cairn desk agent add eve --supervises pre-sale --supervises after-sale

JSON
  {\"user\":2,\"agent\":\"ada\"}";

pub(super) const AGENT_SET: &str = "EXAMPLES
  cairn desk agent set ada --capacity 4
  cairn desk agent set ada --queue pre-sale      only this queue from now on

JSON
  {\"user\":2,\"agent\":\"ada\"}";

pub(super) const AGENT_REMOVE: &str = "EXAMPLES
  cairn desk agent remove ada

JSON
  {\"user\":2,\"agent\":\"ada\"}";

pub(super) const AGENT_LIST: &str = "EXAMPLES
  cairn desk agent list
  cairn desk agent list pre-sale --json | jq -r 'select(.duty == \"on\") | .agent'

JSON, one for each agent
  {\"user\":2,\"agent\":\"ada\",\"name\":null,\"duty\":\"on\",\"present\":true,\"load\":2,\
   \"capacity\":3,\"missed\":0,
   \"given_at_ms\":1700000000000,\"queues\":[{\"queue\":\"pre-sale\",\"level\":0,\
   \"delay_s\":0}],\"supervises\":[]}";

pub(super) const RULES: &str = "EXAMPLES
  cairn desk rules
  cairn desk rules add after-sale --topic returns

JSON, one for each rule, also of add and remove
  {\"number\":1,\"queue\":\"after-sale\",\"priority\":4,\"topic\":\"returns\",\"page\":null,\
   \"attrs\":[],\"language\":null}";

pub(super) const RULES_ADD: &str = "EXAMPLES
  cairn desk rules add after-sale --topic returns
  cairn desk rules add after-sale --attr 'orders>0' --priority 6
  cairn desk rules add chinese --language zh --before 1
  cairn desk rules add pre-sale --page https://shop.example/cart

JSON, one for each rule, after the change
  {\"number\":1,\"queue\":\"after-sale\",\"priority\":4,\"topic\":\"returns\",\"page\":null,\
   \"attrs\":[],\"language\":null}";

pub(super) const RULES_REMOVE: &str = "EXAMPLES
  cairn desk rules remove 1

JSON, one for each rule, after the change
  {\"number\":1,\"queue\":\"after-sale\",\"priority\":4,\"topic\":\"returns\",\"page\":null,\
   \"attrs\":[],\"language\":null}";

pub(super) const LINK: &str = "EXAMPLES
  cairn desk link pre-sale
  cairn desk link after-sale --signed
  cairn desk link list
  cairn desk link revoke 9f86d081

JSON; the shop signs with secret who its visitors are
  {\"link\":\"cairn://…\",\"id\":\"9f86d081\",\"queue\":\"pre-sale\",\
   \"requires_signature\":false,\"secret\":\"…\"}";

pub(super) const LINK_LIST: &str = "EXAMPLES
  cairn desk link list

JSON, one for each link
  {\"id\":\"9f86d081\",\"queue\":\"pre-sale\",\"requires_signature\":false,\
   \"created_at_ms\":1700000000000}";

pub(super) const LINK_REVOKE: &str = "EXAMPLES
  cairn desk link revoke 9f86d081

JSON
  {\"revoked\":\"9f86d081\"}";

pub(super) const CANNED: &str = "EXAMPLES
  cairn desk canned set hello 'Hello, how can I help?'
  cairn desk canned list
  cairn desk reply 17 --canned hello

JSON
  {\"name\":\"hello\",\"text\":\"Hello, how can I help?\"}";

pub(super) const CANNED_LIST: &str = "EXAMPLES
  cairn desk canned list
  cairn desk canned list wel

JSON, one for each
  {\"name\":\"hello\",\"text\":\"Hello, how can I help?\"}";

pub(super) const CANNED_SET: &str = "EXAMPLES
  cairn desk canned set hello 'Hello, how can I help?'

JSON
  {\"name\":\"hello\",\"text\":\"Hello, how can I help?\"}";

pub(super) const CANNED_REMOVE: &str = "EXAMPLES
  cairn desk canned remove hello

JSON
  {\"name\":\"hello\",\"text\":null}";
