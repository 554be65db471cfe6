//! Changes over HTTP: uploads, deletions, index runs, and their jobs.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use futures_util::StreamExt;
use serde_json::{Value, json};
use stroma::server::{Jobs, TaskKind, router};
use tower::ServiceExt;

use crate::http_support::{Reply, Server, limits};

/// A review with one paragraph that contains `word`.
fn review(title: &str, word: &str) -> String {
    format!(
        "# {title}\n\n## Findings\n\nIn all trials the {word} of the patients was better after the cells were given to them.\n"
    )
}

async fn put(server: &Server, name: &str, text: &str) -> Reply {
    let request = Request::put(format!("/v1/papers/{name}?wait=true")).body(Body::from(text.to_owned()));
    server.send(request.expect("a request")).await
}

async fn found(server: &Server, word: &str) -> usize {
    let answer = server.get(&format!("/v1/search?q={word}&mode=lexical")).await.json();
    answer["hits"].as_array().map_or(0, Vec::len)
}

/// Sends an upload and does not wait for its job.
async fn put_at_once(server: &Server, name: &str, text: &str) -> StatusCode {
    let request = Request::put(format!("/v1/papers/{name}")).body(Body::from(text.to_owned()));
    server.send(request.expect("a request")).await.status
}

async fn settle(jobs: &Jobs) {
    for _ in 0..3000 {
        if jobs.unfinished() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("jobs do not end");
}

/// Number of files in the folder of uploads, including hidden ones.
fn files(server: &Server) -> usize {
    std::fs::read_dir(server.uploads()).expect("a folder").count()
}

/// A deletion applies to the paper that had the id when the deletion was acknowledged: not to another paper that has
/// taken over its file name, but to all uploads of the paper, indexed or not.
#[tokio::test]
async fn changes_of_one_name_are_done_in_the_order_of_their_acknowledgement() {
    let (server, gate) = Server::gated(limits());
    let id = |task: Reply| task.json()["paper"].as_str().expect("the paper's id").to_owned();
    let first = id(put(&server, "a.md", &review("Gait after cells", "gait")).await);
    let second = id(put(&server, "b.md", &review("Balance after cells", "balance")).await);
    let third = id(put(&server, "c.md", &review("Posture after cells", "posture")).await);
    // A paper without a title is identified by its file.
    let nameless = "In all trials the stride of the patients was longer after the cells were given to them.";
    let fourth = id(put(&server, "e.txt", nameless).await);

    gate.close();
    // The name now belongs to another paper.
    assert_eq!(put_at_once(&server, "a.md", &review("Grip after cells", "grip")).await, StatusCode::ACCEPTED);
    let path = |id: &str| format!("/v1/papers/{id}");
    assert_eq!(server.call(Method::DELETE, &path(&first)).await.status, StatusCode::ACCEPTED);
    // The paper is uploaded again under another name, and deleted before that upload is indexed.
    assert_eq!(put_at_once(&server, "d.md", &review("Balance after cells", "balance")).await, StatusCode::ACCEPTED);
    assert_eq!(server.call(Method::DELETE, &path(&second)).await.status, StatusCode::ACCEPTED);
    // The paper is deleted and uploaded again.
    assert_eq!(server.call(Method::DELETE, &path(&third)).await.status, StatusCode::ACCEPTED);
    assert_eq!(put_at_once(&server, "c.md", &review("Posture after cells", "posture")).await, StatusCode::ACCEPTED);
    // The paper is replaced by a newer version, and deleted before that version is indexed.
    let newer = format!("{nameless} The others did not walk any better than before.");
    assert_eq!(put_at_once(&server, "e.txt", &newer).await, StatusCode::ACCEPTED);
    assert_eq!(server.call(Method::DELETE, &path(&fourth)).await.status, StatusCode::ACCEPTED);
    gate.open();

    settle(&server.jobs()).await;
    for (word, papers) in [("gait", 0), ("grip", 1), ("balance", 0), ("posture", 1), ("stride", 0)] {
        assert_eq!(found(&server, word).await, papers, "{word}");
    }
    assert_eq!(files(&server), 2);
}

#[tokio::test]
async fn a_deletion_that_was_acknowledged_survives_the_server() {
    let server = Server::writable();
    let task = put(&server, "gait.md", &review("Gait after cells", "gait")).await.json();
    let former = server.jobs();
    tokio::task::spawn_blocking(move || former.stop()).await.expect("it stops");
    // Acknowledged, but not executed: the folder is empty now.
    let path = format!("/v1/papers/{}", task["paper"].as_str().expect("the paper's id"));
    assert_eq!(server.call(Method::DELETE, &path).await.status, StatusCode::ACCEPTED);
    assert_eq!(found(&server, "gait").await, 1);
    let folders = stroma::server::Library {
        papers: Vec::new(),
        uploads: server.uploads(),
        options: stroma::ingest::IngestOptions::default(),
    };
    let jobs = Jobs::start(server.library.engine(), folders).expect("a thread");
    settle(&jobs).await;
    assert_eq!((found(&server, "gait").await, files(&server)), (0, 0));
}

#[tokio::test]
async fn an_upload_that_is_refused_leaves_no_file() {
    let server = Server::writable();
    let jobs = server.jobs();
    tokio::task::spawn_blocking(move || jobs.stop()).await.expect("it stops");
    let mut number = 0;
    while server.jobs().submit(TaskKind::Upload { file: format!("{number}.md").into() }).is_some() {
        number += 1;
    }
    let refused = Request::put("/v1/papers/late.md").body(Body::from(review("Late", "reach"))).expect("a request");
    server.send(refused).await.problem(503, "overloaded");
    assert_eq!(files(&server), 0);
}

#[tokio::test]
async fn a_folder_of_uploads_that_has_gone_is_told_and_hinders_nothing_else() {
    let server = Server::writable();
    put(&server, "gait.md", &review("Gait after cells", "gait")).await;
    let away = server.library.folder.path().join("away");
    std::fs::rename(server.uploads(), &away).expect("renamed");
    put(&server, "grip.md", &review("Grip after cells", "grip")).await.problem(503, "not_ready");
    server.library.write("folder.md", &review("From a folder", "posture"));
    let run = server.call(Method::POST, "/v1/reindex?wait=true").await.json();
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!((found(&server, "posture").await, found(&server, "gait").await), (1, 1));
    std::fs::rename(&away, server.uploads()).expect("renamed");
    assert_eq!(put(&server, "grip.md", &review("Grip after cells", "grip")).await.status, StatusCode::OK);
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_cannot_be_listed_is_told_and_hinders_nothing_else() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65534;
    let server = Server::writable();
    let folder = server.library.papers();
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o000)).expect("one's own folder");
    if std::fs::read_dir(&folder).is_ok() {
        // The superuser can list every folder.
        let mut again = std::process::Command::new(std::env::current_exe().expect("this program"));
        again.args(["--exact", "http_changes::a_folder_that_cannot_be_listed_is_told_and_hinders_nothing_else"]);
        match again.uid(NOBODY).gid(NOBODY).output() {
            Ok(ended) => assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout)),
            Err(_) => println!("skipped: this user may not run as another one"),
        }
        return;
    }
    let run = server.call(Method::POST, "/v1/reindex?wait=true").await.json();
    let told = run["error"].as_str().is_some_and(|error| error.contains("cannot be read"));
    assert!(run["status"] == "succeeded" && told, "{run}");
    let task = put(&server, "grip.md", &review("Grip after cells", "grip")).await.json();
    assert_eq!((task["status"].as_str(), found(&server, "grip").await), (Some("succeeded"), 1), "{task}");
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).expect("one's own folder");
}

#[cfg(unix)]
#[tokio::test]
async fn a_second_server_on_the_same_uploads_is_refused() {
    let server = Server::writable();
    let folders = || stroma::server::Library {
        papers: Vec::new(),
        uploads: server.uploads(),
        options: stroma::ingest::IngestOptions::default(),
    };
    let refused = Jobs::start(server.library.engine(), folders()).expect_err("the folder is in use");
    assert!(refused.to_string().contains("another server"), "{refused}");
    let jobs = server.jobs();
    tokio::task::spawn_blocking(move || jobs.stop()).await.expect("it stops");
    Jobs::start(server.library.engine(), folders()).expect("it is free again").stop();
}

#[tokio::test]
async fn an_upload_is_found_replaced_and_deleted() {
    let server = Server::writable();
    let task = put(&server, "gait.md", &review("Gait after cells", "gait")).await;
    assert_eq!(task.status, StatusCode::OK, "{}", task.text);
    let task = task.json();
    assert_eq!((task["kind"].as_str(), task["status"].as_str()), (Some("upload"), Some("succeeded")));
    assert_eq!(task["file"], "gait.md");
    let id = task["paper"].as_str().expect("the paper's id").to_owned();
    assert_eq!(
        (found(&server, "gait").await, server.get(&format!("/v1/papers/{id}")).await.status),
        (1, StatusCode::OK)
    );

    put(&server, "gait.md", &review("Gait after cells", "balance")).await;
    assert_eq!((found(&server, "gait").await, found(&server, "balance").await), (1, 1), "the title still says it");
    assert_eq!(server.get("/v1/papers").await.json()["total"], 1);

    let gone = server.call(Method::DELETE, &format!("/v1/papers/{id}?wait=true")).await;
    assert_eq!(gone.json()["status"], "succeeded", "{}", gone.text);
    assert_eq!(found(&server, "balance").await, 0);
    assert!(!server.uploads().join("gait.md").exists());
    server.call(Method::DELETE, &format!("/v1/papers/{id}")).await.problem(404, "not_found");
}

/// The name of an upload is an address of its paper, whatever id the paper gets.
#[tokio::test]
async fn put_get_and_delete_of_one_name_are_one_address() {
    let (server, gate) = Server::gated(limits());
    let id = put(&server, "gait.md", &review("Gait after cells", "gait")).await.json()["paper"].clone();
    assert_ne!(id, "gait.md");
    assert_eq!(server.get("/v1/papers/gait.md").await.json()["id"], id);
    assert!(server.get("/v1/papers/gait.md/file").await.text.contains("# Gait after cells"));
    let delete = async |name: &str| server.call(Method::DELETE, &format!("/v1/papers/{name}?wait=true")).await;
    assert_eq!(delete("gait.md").await.json()["paper"], id);
    server.get("/v1/papers/gait.md").await.problem(404, "not_found");
    server.get(&format!("/v1/papers/{}", id.as_str().expect("an id"))).await.problem(404, "not_found");
    delete("gait.md").await.problem(404, "not_found");
    // A waiting upload can be deleted by its name, too.
    gate.close();
    put_at_once(&server, "balance.md", &review("Balance after cells", "balance")).await;
    assert_eq!(server.call(Method::DELETE, "/v1/papers/balance.md").await.status, StatusCode::ACCEPTED);
    gate.open();
    settle(&server.jobs()).await;
    assert_eq!((found(&server, "balance").await, files(&server)), (0, 0));
}

#[tokio::test]
async fn several_files_are_uploaded_at_once() {
    let server = Server::writable();
    let part = |name: &str, text: &str| {
        format!("--edge\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let send = async |parts: &[String]| {
        let request =
            Request::post("/v1/papers?wait=true").header("content-type", "multipart/form-data; boundary=edge");
        let body = Body::from(format!("{}--edge--\r\n", parts.concat()));
        server.send(request.body(body).expect("a request")).await
    };
    let reply = send(&[
        part("gait.md", &review("Gait after cells", "gait")),
        part("noise.md", "\0\u{1}\u{2}"),
        part("../balance.md", &review("Balance after cells", "balance")),
        part("posture.md", &review("Posture after cells", "posture")),
    ])
    .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let files = reply.json()["files"].clone();
    let outcome = |number: usize| (&files[number]["task"]["status"], &files[number]["problem"]["code"]);
    assert_eq!(outcome(0), (&json!("succeeded"), &Value::Null));
    assert_eq!(outcome(1), (&Value::Null, &json!("unreadable_paper")));
    assert_eq!(outcome(2), (&Value::Null, &json!("invalid_name")));
    assert_eq!(outcome(3), (&json!("succeeded"), &Value::Null));
    assert_eq!((found(&server, "gait").await, found(&server, "posture").await), (1, 1));
    let refused = send(&[part("noise.md", "\0\u{1}\u{2}")]).await;
    refused.problem(422, "unreadable_paper");
    send(&[]).await.problem(400, "invalid_body");
    let request = Request::post("/v1/papers").header("content-type", "application/json").body(Body::from("{}"));
    server.send(request.expect("a request")).await.problem(415, "unsupported_media_type");
}

/// The parser keeps in memory what comes before the head of a file. So such bytes are limited, and no more of the body is read.
#[tokio::test]
async fn a_form_without_files_is_given_up_and_a_refused_file_is_skipped() {
    let server = Server::writable();
    let send = async |parts: Vec<String>| {
        let sent = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = Arc::clone(&sent);
        let parts = futures_util::stream::iter(parts).map(move |part| {
            counter.fetch_add(part.len(), std::sync::atomic::Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(part)
        });
        let request =
            Request::post("/v1/papers?wait=true").header("content-type", "multipart/form-data; boundary=edge");
        let reply = server.send(request.body(Body::from_stream(parts)).expect("a request")).await;
        (reply, sent.load(std::sync::atomic::Ordering::Relaxed))
    };
    let kilobytes = |count: usize| vec!["x".repeat(1024); count];
    let head = |name: &str| format!("--edge\r\ncontent-disposition: form-data; name=\"files\"{name}\r\n\r\n");
    let nameless = head("");
    for beginning in ["", "--edge\r\n", nameless.as_str()] {
        let (reply, sent) = send([vec![beginning.to_owned()], kilobytes(1000)].concat()).await;
        reply.problem(400, "invalid_body");
        assert!(sent < 200 << 10, "{sent} bytes were taken after {beginning:?}");
    }
    let (refused, taken) = (head("; filename=\"../big.md\""), head("; filename=\"gait.md\""));
    let rest = format!("\r\n{taken}{}\r\n--edge--\r\n", review("Gait after cells", "gait"));
    let (reply, _) = send([vec![refused], kilobytes(1000), vec![rest]].concat()).await;
    let files = reply.json()["files"].clone();
    assert_eq!(
        (&files[0]["problem"]["code"], &files[1]["task"]["status"]),
        (&json!("invalid_name"), &json!("succeeded"))
    );
}

/// Answers are cached, but not across a commit.
#[tokio::test]
async fn a_repeated_question_is_remembered_until_the_index_changes() {
    async fn repeated(server: &Server) -> u32 {
        let metrics = server.get("/metrics").await.text;
        let count = metrics.lines().find_map(|line| line.strip_prefix("stroma_repeated_answers_total "));
        count.and_then(|count| count.parse().ok()).expect("a count")
    }
    let server = Server::writable();
    put(&server, "gait.md", &review("Gait after cells", "gait")).await;
    let first = server.get("/v1/search?q=gait&mode=lexical").await.json();
    let again = server.get("/v1/search?q=%20gait&mode=lexical").await.json();
    assert_eq!((first["hits"].as_array().map(Vec::len), &again["hits"]), (Some(1), &first["hits"]));
    assert_eq!((again["query"].as_str(), repeated(&server).await), (Some(" gait"), 1));
    server.get("/v1/search?q=gait&mode=lexical&limit=1").await.json();
    assert_eq!(repeated(&server).await, 1, "another limit is another question");

    put(&server, "walk.md", &review("Walking after cells", "gait")).await;
    assert_eq!((found(&server, "gait").await, repeated(&server).await), (2, 1));
}

#[tokio::test]
async fn an_upload_never_leaves_its_folder() {
    let server = Server::writable();
    for name in ["..%2Fevil.txt", "%2Fetc%2Fevil.txt", ".evil.txt", "a%5Cb.txt", "%2E%2E", "a%00.txt", "README.md"] {
        put(&server, name, "A text that is long enough to be a paragraph of a paper.")
            .await
            .problem(400, "invalid_name");
    }
    assert!(!server.library.folder.path().join("evil.txt").exists());
    assert_eq!(std::fs::read_dir(server.uploads()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn what_is_no_paper_is_refused_at_once() {
    let server = Server::writable();
    put(&server, "a.pdf", "%PDF-1.7 and nothing that belongs to one").await.problem(422, "unreadable_paper");
    put(&server, "a.xml", "").await.problem(422, "unreadable_paper");
    assert_eq!(std::fs::read_dir(server.uploads()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn a_job_is_accepted_and_can_be_followed() {
    let server = Server::writable();
    let request = Request::put("/v1/papers/a.md").body(Body::from(review("A", "grip"))).expect("a request");
    let accepted = server.send(request).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    assert!(server.uploads().join("a.md").exists(), "what is acknowledged is on the disk");
    let place = accepted.headers["location"].to_str().expect("text").to_owned();
    let mut task = Value::Null;
    for _ in 0..200 {
        task = server.get(&place).await.json();
        if task["status"] == "succeeded" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(task["status"], "succeeded");
    assert!(task["finished_at"].as_f64() >= task["submitted_at"].as_f64());
    assert_eq!(server.get("/v1/tasks").await.json()["tasks"][0]["id"], task["id"]);
    server.get("/v1/tasks/999").await.problem(404, "not_found");
    server.get("/v1/tasks/x").await.problem(404, "not_found");
}

/// An acknowledged upload is indexed as soon as the disk has free space again. Until then its job reports why it waits.
#[tokio::test]
async fn a_run_that_failed_is_tried_again() {
    let server = Server::writable();
    // The path of the commit is occupied, so that writing fails as on a full disk.
    let obstacle = server.library.index.folder().join(".new-meta.json");
    std::fs::create_dir(&obstacle).expect("a folder in the way");
    let request = Request::put("/v1/papers/a.md").body(Body::from(review("A", "grip"))).expect("a request");
    let accepted = server.send(request).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    let place = accepted.headers["location"].to_str().expect("text").to_owned();
    let task = server.task_when(&place, |task| task["error"].is_string()).await;
    assert!(task["status"] == "waiting" || task["status"] == "running", "{task}");
    std::fs::remove_dir(&obstacle).expect("room again");
    let task = server.task_when(&place, |task| task["finished_at"].is_number()).await;
    assert_eq!((&task["status"], &task["error"]), (&json!("succeeded"), &Value::Null), "{task}");
    assert!(task["paper"].is_string());
}

#[tokio::test]
async fn an_upload_that_is_a_copy_says_of_which_paper() {
    let server = Server::writable();
    let text = "---\ntitle: On knees\ndoi: 10.1000/knees\n---\n\nKnees get stiff in the morning and better at noon.\n";
    let put = |name: &str, text: String| {
        Request::put(format!("/v1/papers/{name}?wait=true")).body(Body::from(text)).expect("a request")
    };
    let first = server.send(put("a.md", text.to_owned())).await.json();
    assert_eq!((&first["status"], &first["duplicate_of"]), (&json!("succeeded"), &Value::Null));
    let second = server.send(put("b.md", text.replace("noon", "dusk"))).await.json();
    assert_eq!((&second["status"], &second["duplicate_of"]), (&json!("succeeded"), &first["paper"]));
}

#[tokio::test]
async fn papers_of_folders_come_with_reindex_and_cannot_be_deleted_here() {
    let server = Server::writable();
    server.library.write("folder.md", &review("From a folder", "posture"));
    let run = server.call(Method::POST, "/v1/reindex?wait=true").await.json();
    assert_eq!((run["status"].as_str(), &run["run"]["added"]), (Some("succeeded"), &json!(1)));
    assert_eq!(found(&server, "posture").await, 1);
    let id = server.get("/v1/papers").await.json()["papers"][0]["id"].as_str().expect("an id").to_owned();
    let detail = server.call(Method::DELETE, &format!("/v1/papers/{id}")).await.problem(409, "conflict");
    assert!(detail.contains("folder.md"), "{detail}");
    // A folder that is empty all at once would be taken for a disk that is not there.
    server.library.write("stays.md", &review("Stays in the folder", "grip"));
    std::fs::remove_file(server.library.papers().join("folder.md")).expect("it is there");
    server.library.write("noise.md", "\0\u{1}\u{2}");
    let run = server.call(Method::POST, "/v1/reindex?wait=true").await.json();
    assert_eq!(found(&server, "posture").await, 0);
    // Each file that the run did something with is listed, failures first and with their reasons.
    let files: Vec<(&str, &str)> = run["files"]
        .as_array()
        .expect("files")
        .iter()
        .filter_map(|file| Some((file["file"].as_str()?, file["outcome"].as_str()?)))
        .collect();
    assert_eq!(files, [("noise.md", "failed"), ("stays.md", "added"), ("folder.md", "removed")], "{run}");
    assert!(run["files"][0]["reason"].is_string() && run["files"][2]["paper"] == id.as_str(), "{run}");
}

#[tokio::test]
async fn a_burst_of_uploads_is_few_runs() {
    let server = Server::writable();
    let before = server.state.engine.store().snapshot().commit_id().to_owned();
    for number in 0..60 {
        let text = review(&format!("Review number {number}"), &format!("item{number}"));
        let request = Request::put(format!("/v1/papers/burst{number}.md")).body(Body::from(text)).expect("a request");
        assert_eq!(server.send(request).await.status, StatusCode::ACCEPTED);
    }
    let last = server.call(Method::POST, "/v1/reindex?wait=true").await.json();
    assert_eq!(last["status"], "succeeded");
    assert_eq!(server.get("/v1/papers").await.json()["total"], 60);
    assert_ne!(server.state.engine.store().snapshot().commit_id(), before);
    let metrics = server.get("/metrics").await.text;
    let runs = metrics.lines().find_map(|line| line.strip_prefix("stroma_index_runs_total ")).map(str::parse::<u32>);
    assert!(matches!(runs, Some(Ok(1..=30))), "{runs:?} runs for 60 uploads");
}

#[tokio::test]
async fn an_acknowledged_upload_survives_the_server() {
    let server = Server::writable();
    // As a killed server leaves it: on the disk, not in the index.
    std::fs::write(server.uploads().join("late.md"), review("Late", "reach")).expect("written");
    std::fs::create_dir(server.uploads().join(".receiving-1-1")).expect("a folder");
    std::fs::write(server.uploads().join(".receiving-1-1/half.md"), "half").expect("written");
    let folders = stroma::server::Library {
        papers: Vec::new(),
        uploads: server.uploads(),
        options: stroma::ingest::IngestOptions::default(),
    };
    let former = server.jobs();
    tokio::task::spawn_blocking(move || former.stop()).await.expect("it stops");
    let jobs = Jobs::start(server.library.engine(), folders).expect("a thread");
    settle(&jobs).await;
    assert_eq!(found(&server, "reach").await, 1);
    assert!(!server.uploads().join(".receiving-1-1").exists());
    let stopping = Arc::clone(&jobs);
    tokio::task::spawn_blocking(move || stopping.stop()).await.expect("it stops");
    assert!(jobs.submit(TaskKind::Reindex).is_some(), "a stopped list still takes jobs, for the next start");
}

/// The end of the server cuts a run off, which is no failure: the next start does it, also over the folders of papers.
#[tokio::test]
async fn a_run_that_the_end_cuts_off_is_done_at_the_next_start() {
    let (server, gate) = Server::gated(limits());
    for number in 0..40 {
        let words = format!("item{number} {}", "of the knees in the trial and ".repeat(200));
        server.library.write(&format!("{number}.md"), &review(&format!("Review {number}"), &words));
    }
    gate.close();
    let jobs = server.jobs();
    let ending = tokio::task::spawn_blocking(move || {
        while jobs.runs() == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(200));
        let stopping = Arc::clone(&jobs);
        let stopped = std::thread::spawn(move || stopping.stop());
        std::thread::sleep(Duration::from_millis(100));
        gate.open();
        stopped.join().expect("stopped");
    });
    let reply = server.call(Method::POST, "/v1/reindex?wait=true").await;
    ending.await.expect("ended");
    assert_eq!((reply.status, &reply.json()["status"]), (StatusCode::ACCEPTED, &json!("waiting")), "{}", reply.text);
    let folders = stroma::server::Library {
        papers: vec![server.library.papers()],
        uploads: server.uploads(),
        options: stroma::ingest::IngestOptions::default(),
    };
    let jobs = Jobs::start(server.library.engine(), folders).expect("a thread");
    settle(&jobs).await;
    assert_eq!((found(&server, "item39").await, files(&server)), (1, 0));
}

#[tokio::test]
async fn a_server_that_only_answers_says_so() {
    let server = Server::new();
    put(&server, "a.md", &review("A", "grip")).await.problem(403, "forbidden");
    server.call(Method::POST, "/v1/reindex").await.problem(403, "forbidden");
}

/// The jobs in a stream of server-sent events.
fn events(reply: &Reply) -> Vec<Value> {
    assert_eq!((reply.status, reply.kind()), (StatusCode::OK, "text/event-stream"), "{}", reply.text);
    let data = reply.text.lines().filter_map(|line| line.strip_prefix("data:"));
    data.map(|data| serde_json::from_str(data.trim()).expect("a job")).collect()
}

#[tokio::test]
async fn jobs_are_followed_until_they_are_finished() {
    let (server, gate) = Server::gated(limits());
    gate.close();
    for (name, word) in [("a.md", "gait"), ("b.md", "grip")] {
        assert_eq!(put_at_once(&server, name, &review(word, word)).await, StatusCode::ACCEPTED);
    }
    let opening = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        gate.open();
    });
    let followed = events(&server.get("/v1/tasks/events?ids=1,2,2").await);
    opening.await.expect("opened");
    for id in [1, 2] {
        let states: Vec<&Value> = followed.iter().filter(|task| task["id"] == id).collect();
        assert!(states.len() >= 2, "{followed:?}");
        assert_ne!(states[0]["status"], "succeeded");
        let last = states[states.len() - 1];
        assert_eq!((&last["status"], &last["progress"]), (&json!("succeeded"), &Value::Null));
        assert!(last["paper"].is_string());
    }
    let embedded = followed.iter().filter(|task| task["status"] == "running" && task["progress"]["expected"] != 0);
    assert!(embedded.count() >= 1, "progress is sent: {followed:?}");
    // A finished job is reported once, and the stream ends if all jobs are finished.
    assert_eq!(events(&server.get("/v1/tasks/events?ids=2").await).len(), 1);
    assert_eq!(events(&server.get("/v1/tasks/events").await), Vec::<Value>::new());
    server.get("/v1/tasks/events?ids=2,99").await.problem(404, "not_found");
    server.get("/v1/tasks/events?ids=x").await.problem(400, "invalid_parameter");
    let many: Vec<String> = (0..101).map(|id| id.to_string()).collect();
    server.get(&format!("/v1/tasks/events?ids={}", many.join(","))).await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn all_jobs_are_followed_however_many_are_not_finished() {
    let (server, gate) = Server::gated(limits());
    gate.close();
    assert_eq!(put_at_once(&server, "a.md", &review("gait", "gait")).await, StatusCode::ACCEPTED);
    while server.jobs().runs() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for number in 0..101 {
        server.jobs().submit(TaskKind::Upload { file: format!("{number}.md").into() }).expect("room");
    }
    let opening = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        gate.open();
    });
    let followed = events(&server.get("/v1/tasks/events").await);
    opening.await.expect("opened");
    let finished = followed.iter().filter(|task| task["finished_at"].is_number()).count();
    assert_eq!(finished, 102, "{followed:?}");
}

/// Each stream holds a connection, so their number is limited, and one that a client leaves makes room.
#[tokio::test]
async fn the_number_of_streams_is_limited() {
    let (server, gate) = Server::gated(limits());
    gate.close();
    assert_eq!(put_at_once(&server, "a.md", &review("gait", "gait")).await, StatusCode::ACCEPTED);
    let open = async || {
        let request = Request::get("/v1/tasks/events").body(Body::empty()).expect("a request");
        router(Arc::clone(&server.state)).oneshot(request).await.expect("a response")
    };
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(open().await);
        assert_eq!(streams[streams.len() - 1].status(), StatusCode::OK);
    }
    server.get("/v1/tasks/events").await.problem(503, "overloaded");
    streams.pop();
    assert_eq!(open().await.status(), StatusCode::OK);
    gate.open();
}

#[tokio::test]
async fn a_stream_of_jobs_ends_with_the_server() {
    let (server, gate) = Server::gated(limits());
    gate.close();
    assert_eq!(put_at_once(&server, "a.md", &review("gait", "gait")).await, StatusCode::ACCEPTED);
    let jobs = server.jobs();
    let stopping = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        jobs.stop();
    });
    let followed = events(&server.get("/v1/tasks/events").await);
    assert!(!followed.is_empty() && followed.iter().all(|task| task["status"] != "succeeded"), "{followed:?}");
    gate.open();
    tokio::task::spawn_blocking(move || stopping.join()).await.expect("joined").expect("stopped");
}

#[tokio::test]
async fn what_was_left_out_of_a_paper_is_shown() {
    let server = Server::writable();
    let text = format!(
        "{}\n![A knee](knee.png)\n\n## References\n\n1. Lee A. Gait. Knees. 2011.\n",
        review("Gait after cells", "gait")
    );
    let paper = put(&server, "gait.md", &text).await.json()["paper"].as_str().expect("an id").to_owned();
    let read = server.get(&format!("/v1/papers/{paper}/reading")).await.json();
    assert_eq!((&read["paper"], &read["format"], &read["passages"]), (&json!(paper), &json!("markdown"), &json!(1)));
    let dropped = read["dropped"].as_array().expect("a list");
    assert_eq!(read["total"], dropped.len());
    let image = dropped.iter().find(|one| one["rule"] == "image").unwrap_or_else(|| panic!("{read}"));
    assert_eq!((&image["text"], &image["after"], &image["is_cut"]), (&json!("A knee"), &json!(0), &json!(false)));
    server.get("/v1/papers/none/reading").await.problem(404, "not_found");
    std::fs::write(server.uploads().join("gait.md"), "another file").expect("written");
    server.get(&format!("/v1/papers/{paper}/reading")).await.problem(404, "not_found");
    Server::new().get("/v1/papers/none/reading").await.problem(403, "forbidden");
}
