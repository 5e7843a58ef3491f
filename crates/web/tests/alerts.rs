//! Rules of alerts set from their page: adding, trying and removing, what is refused at its field, and that nobody but this
//! node's own page can do it.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

mod node;

use node::Node;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

const HOOK: &str = "http://127.0.0.1:1/hook/very-secret-path";

/// A form as the node's own page sends it.
async fn send(node: &Node, fields: &[(&str, &str)]) -> Response {
    let origin = node.url("");
    node.client.post(node.url("/alerts")).header("origin", origin).form(fields).send().await.unwrap()
}

async fn add(node: &Node, fields: &[(&str, &str)]) -> Response {
    send(node, &[&[("do", "add")], fields].concat()).await
}

async fn rules(node: &Node) -> Vec<Value> {
    let told: Value = serde_json::from_str(&node.get("/api/v1/alerts").await.1).unwrap();
    told["items"].as_array().unwrap().clone()
}

fn names(rules: &[Value]) -> Vec<&str> {
    rules.iter().map(|it| it["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_rule_is_added_tried_and_removed_by_plain_forms() {
    let node = Node::start().await;
    assert!(node.get("/alerts").await.1.contains("No rule is set."));
    let added =
        add(&node, &[("name", "slashes"), ("kind", "slash"), ("operator", "alice"), ("staker", "")]).await;
    assert_eq!(added.status(), StatusCode::SEE_OTHER);
    let to = added.headers()["location"].to_str().unwrap().to_owned();
    let (_, page) = node.get(&to).await;
    assert!(page.contains("<b>slashes</b> is watched from the next block on."), "{page}");
    let all = rules(&node).await;
    assert_eq!((names(&all), &all[0]["kind"]), (vec!["slashes"], &json!("slash")));
    let operator: alloy_primitives::Address = all[0]["operator"].as_str().unwrap().parse().unwrap();
    assert_eq!(operator, node.who(1), "the address book's alice");
    assert!(page.contains("<b>alice</b>") && page.contains("log and events"), "{page}");

    let tried = send(&node, &[("do", "test"), ("name", "slashes")]).await;
    assert_eq!(tried.status(), StatusCode::OK);
    let page = tried.text().await.unwrap();
    assert!(page.contains("was delivered") && page.contains("this is a test of the rule slashes"), "{page}");

    let removed = send(&node, &[("do", "remove"), ("name", "slashes")]).await;
    assert_eq!(removed.status(), StatusCode::SEE_OTHER);
    let to = removed.headers()["location"].to_str().unwrap().to_owned();
    assert!(node.get(&to).await.1.contains("<b>slashes</b> is not watched."));
    assert!(rules(&node).await.is_empty());
    let again = send(&node, &[("do", "remove"), ("name", "slashes")]).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    assert!(again.text().await.unwrap().contains("Nothing was changed."));
    node.end().await;
}

#[tokio::test]
async fn each_kind_takes_what_narrows_and_bounds_it() {
    let node = Node::start().await;
    let set = format!("{}:7", node.who(0));
    for (kind, fields, told) in [
        ("gamma", &[("under", "0.05")][..], json!({ "under": 0.05 })),
        ("concentration", &[("over", "30%"), ("operator_set", "alice:7")], json!({ "over": 0.3 })),
        ("withdrawal_ready", &[("staker", "dev0")], json!({ "staker": node.who(0) })),
        ("operator", &[("avs", "allocationmanager")], json!({})),
        ("allocation", &[("operator_set", set.as_str())], json!({})),
        (
            "pending_slash",
            &[("strategy", "0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A")],
            json!({ "strategy": "0x1b4029dd81999f1baeadb1a0d4d2f660363fa95a" }),
        ),
    ] {
        let all = [&[("name", kind), ("kind", kind)], fields].concat();
        let added = add(&node, &all).await;
        assert_eq!(added.status(), StatusCode::SEE_OTHER, "{kind}: {}", added.text().await.unwrap());
        let rule = rules(&node).await.into_iter().find(|it| it["name"] == kind).unwrap();
        for (field, value) in told.as_object().unwrap() {
            let (is, wanted) = (rule[field].to_string(), value.to_string());
            assert!(is.eq_ignore_ascii_case(&wanted), "{kind}: {rule}");
        }
    }
    let page = node.get("/alerts").await.1;
    for words in ["under 0.05", "over 30 %", "only set ", "slashes that wait", "<b>dev0</b>"] {
        assert!(page.contains(words), "{words}");
    }
    node.end().await;
}

#[tokio::test]
async fn the_secret_of_a_webhook_is_shown_once_and_no_cache_keeps_it() {
    let node = Node::start().await;
    let added = add(&node, &[("name", "hooked"), ("kind", "slash"), ("webhook", HOOK)]).await;
    assert_eq!(
        (added.status(), &added.headers()["cache-control"]),
        (StatusCode::OK, &"no-store".parse().unwrap())
    );
    let page = added.text().await.unwrap();
    let (_, rest) = page.split_once("<code class=\"full\">").unwrap();
    let secret = rest.split_once('<').unwrap().0.to_owned();
    assert!(secret.len() == 64 && secret.bytes().all(|it| it.is_ascii_hexdigit()), "{secret}");
    assert!(page.contains("shown only now"));
    let again = node.get("/alerts").await.1;
    assert!(!again.contains(&secret) && !node.get("/api/v1/alerts").await.1.contains(&secret));
    assert!(
        again.contains("127.0.0.1:1") && !again.contains("very-secret-path"),
        "the path may be a password"
    );
    let tried = send(&node, &[("do", "test"), ("name", "hooked")]).await.text().await.unwrap();
    assert!(tried.contains("was not delivered") && tried.contains("could not be reached"), "{tried}");
    node.end().await;
}

#[tokio::test]
async fn nonsense_is_refused_at_its_field_and_what_was_typed_stays() {
    let node = Node::start().await;
    add(&node, &[("name", "taken"), ("kind", "slash")]).await;
    let long = "x".repeat(3_000);
    for (field, value, fields, words) in [
        ("name", "", &[][..], "1 to 64 letters"),
        ("name", "a b", &[], "1 to 64 letters"),
        ("name", "<b>\"x", &[], "1 to 64 letters"),
        ("name", "taken", &[], "already"),
        ("kind", "slashes", &[], "Choose one"),
        ("kind", "", &[], "Choose one"),
        ("staker", "bob", &[], "Known are alice, dev0"),
        ("operator", "0x12", &[], "no address"),
        ("operator", "0x70997970c51812dc3A010C7d01b50e0d17dc79C8", &[], "capitals"),
        ("avs", "<script>", &[], "Nobody is called"),
        ("operator_set", "alice", &[], "a colon"),
        ("operator_set", "alice:-1", &[], "a colon"),
        ("operator_set", "alice:4294967296", &[], "a colon"),
        ("operator_set", "bob:1", &[], "Nobody is called"),
        ("strategy", "TEST", &[], "no address"),
        ("under", "low", &[("kind", "gamma")], "a number"),
        ("under", "1e999", &[("kind", "gamma")], "a number"),
        ("under", "", &[("kind", "gamma")], "wants `under`"),
        ("under", "1", &[], "has no bounds"),
        ("over", "30", &[("kind", "concentration")], "30% or 0.3"),
        ("over", "NaN", &[("kind", "concentration")], "30% or 0.3"),
        ("staker", "alice", &[("kind", "gamma"), ("under", "1")], "not narrowed by staker"),
        ("strategy", "0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A", &[("kind", "operator")], "not narrowed"),
        ("webhook", "nowhere", &[], "no URL"),
        ("webhook", "file:///etc/passwd", &[], "https://"),
        ("webhook", "https://u:p@a.test", &[], "names no user"),
        ("webhook", long.as_str(), &[], "at most 2048"),
    ] {
        let mut sent = std::collections::BTreeMap::from([("name", "fine"), ("kind", "slash")]);
        sent.extend(fields.iter().copied());
        sent.insert(field, value);
        let all: Vec<(&str, &str)> = sent.into_iter().collect();
        let refused = add(&node, &all).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
        let page = refused.text().await.unwrap();
        let (_, rest) = page
            .split_once(&format!("id=\"rule-{field}-wrong\" role=\"alert\">"))
            .unwrap_or_else(|| panic!("{field} {value}: nothing is wrong there: {page}"));
        let said = rest.split_once("</p>").unwrap().0.replace("&lt;", "<");
        assert!(said.contains(words), "{field} {value}: {said}");
        let shown = value.replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
        assert!(page.contains(&format!("value=\"{shown}\"")), "{field} {value} is gone");
        assert!(!page.contains("<script>") && page.contains("aria-invalid=\"true\""), "{field} {value}");
    }
    assert_eq!(names(&rules(&node).await), ["taken"]);
    let many = add(&node, &[("name", "a b"), ("kind", "slash"), ("staker", "bob"), ("webhook", "x")]).await;
    assert_eq!(
        many.text().await.unwrap().matches("class=\"wrong\"").count(),
        3,
        "all that is wrong is said at once"
    );
    for fields in [&[("do", "dance")][..], &[], &[("name", "taken")]] {
        let refused = send(&node, fields).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{fields:?}");
    }
    for name in ["", "../taken", "taken/test", "a b", "<b>", "nobody"] {
        for what in ["remove", "test"] {
            let refused = send(&node, &[("do", what), ("name", name)]).await;
            assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{what} {name}");
            assert!(!refused.text().await.unwrap().contains("<b></b>"));
        }
    }
    let origin = node.url("");
    let post = |body: String, kind: &'static str| {
        node.client
            .post(node.url("/alerts"))
            .header("origin", &origin)
            .header("content-type", kind)
            .body(body)
    };
    let huge = post(format!("do=add&name={}", "x".repeat(20_000)), "application/x-www-form-urlencoded");
    assert_eq!(huge.send().await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
    let other = post("{\"do\":\"remove\",\"name\":\"taken\"}".into(), "text/plain");
    assert_eq!(other.send().await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(names(&rules(&node).await), ["taken"]);
    node.end().await;
}

#[tokio::test]
async fn a_form_of_another_page_changes_nothing() {
    let node = Node::start().await;
    add(&node, &[("name", "mine"), ("kind", "slash")]).await;
    let own = node.url("");
    let from = |headers: &[(&'static str, &str)], fields: &[(&str, &str)]| {
        let mut post = node.client.post(node.url("/alerts")).form(fields);
        for (name, value) in headers {
            post = post.header(*name, *value);
        }
        post.send()
    };
    let deeds = [
        &[("do", "add"), ("name", "theirs"), ("kind", "slash"), ("webhook", "https://evil.test/")][..],
        &[("do", "remove"), ("name", "mine")],
        &[("do", "test"), ("name", "mine")],
    ];
    let cases: [&[(&'static str, &str)]; 10] = [
        &[("origin", "https://evil.test")],
        &[("origin", "null")],
        &[("origin", "http://localhost:3000")],
        &[("origin", "http://127.0.0.1")],
        &[("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")],
        &[("origin", own.as_str()), ("sec-fetch-site", "cross-site")],
        &[("origin", own.as_str()), ("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.test"), ("sec-fetch-site", "same-origin")],
        // A page whose name was pointed here.
        &[("host", "evil.test:8545"), ("origin", "http://evil.test:8545"), ("sec-fetch-site", "same-origin")],
        // Programs have REST.
        &[],
    ];
    for headers in cases {
        for fields in deeds {
            let refused = from(headers, fields).await.unwrap();
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{headers:?} {fields:?}");
            assert!(!refused.text().await.unwrap().contains("alice"), "{headers:?}: the book is told");
        }
    }
    let told: Value = serde_json::from_str(&node.get("/api/v1/alerts").await.1).unwrap();
    assert_eq!((names(told["items"].as_array().unwrap()), &told["recent"]), (vec!["mine"], &json!([])));
    let same = from(&[("origin", own.as_str()), ("sec-fetch-site", "same-origin")], deeds[1]).await.unwrap();
    assert_eq!(same.status(), StatusCode::SEE_OTHER);
    let foreign =
        node.client.get(node.url("/alerts")).header("origin", "https://evil.test").send().await.unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let page = foreign.text().await.unwrap();
    assert!(
        page.contains("Why there is no form here")
            && !page.contains("alice")
            && !page.contains("name=\"kind\"")
    );
    node.end().await;
}

#[tokio::test]
async fn rules_of_the_file_are_shown_as_such_and_stay() {
    let rule = serde_json::from_value(json!({ "name": "fixed", "kind": "gamma", "under": 0.05 })).unwrap();
    let node = Node::start_with(vec![rule]).await;
    let page = node.get("/alerts").await.1;
    assert!(page.contains("from the file") && !page.contains("Remove fixed"), "{page}");
    let kept = send(&node, &[("do", "remove"), ("name", "fixed")]).await;
    assert_eq!(kept.status(), StatusCode::CONFLICT);
    assert!(kept.text().await.unwrap().contains("Fixed is set in the configuration; change it there."));
    assert_eq!(names(&rules(&node).await), ["fixed"]);
    node.end().await;
}

#[tokio::test]
async fn an_address_cannot_claim_what_was_not_done() {
    let node = Node::start().await;
    add(&node, &[("name", "mine"), ("kind", "slash")]).await;
    for query in
        ["added=theirs", "removed=mine", "removed=%3Cb%3E", "removed=", "added=mine&removed=x", "x=mine"]
    {
        let (status, page) = node.get(&format!("/alerts?{query}")).await;
        assert!(status == StatusCode::OK && !page.contains("banner info"), "{query}");
    }
    assert_eq!(node.get("/alerts?block=1").await.0, StatusCode::BAD_REQUEST);
    node.end().await;
}
