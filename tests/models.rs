//! Several models: an index can only be used with the model that made it, and the cosines of each model are calibrated.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;

use stroma::embed::{BertEmbedder, BertOptions, Calibration, Embedder, Role};
use stroma::index::PassageIndex;
use stroma::search::{Engine, Request, SearchOptions};
use stroma::store::{Signature, Store};

use crate::program::{Served, copy_samples, outcome, stroma};
use crate::support::{Library, model, project};

const SMALL: (&str, &str) = ("STROMA_MODEL_FOLDER", "models/all-MiniLM-L6-v2");

/// The available models, of those that `scripts/setup.py` fetches.
fn embedders() -> Vec<(&'static str, BertEmbedder)> {
    let names = ["bge-small-en-v1.5", "all-MiniLM-L6-v2", "e5-small-v2"].into_iter();
    let there = names.filter(|name| project("models").join(name).is_dir());
    there
        .map(|name| {
            let folder = project("models").join(name);
            (name, BertEmbedder::start(&BertOptions { folder, ..BertOptions::default() }).expect("a model"))
        })
        .collect()
}

#[test]
fn answers_and_unrelated_texts_are_as_far_apart_for_every_model() {
    let question = "does butyrate induce regulatory T cells in the colon?";
    let answers = [
        "Butyrate raised the number of Foxp3+ regulatory T cells in the colon of germ-free mice.",
        "Short-chain fatty acids from fibre drive the differentiation of colonic Tregs.",
    ];
    let others = [
        "Grain yield fell by 12 % for each week that sowing was delayed.",
        "Cone-beam CT overestimates the thickness of the buccal bone plate.",
        "Snow cover decides how many voles survive until spring.",
    ];
    for (name, embedder) in embedders() {
        let scale = Calibration::measure(&embedder).expect("vectors").sentence;
        let question = embedder.embed_query(question).expect("a vector");
        let nearness = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
            let vectors = embedder.embed(&texts, Role::Passage).expect("vectors");
            vectors.iter().map(|vector| scale.apply(question.cosine(vector))).sum::<f32>() / texts.len() as f32
        };
        let (near, far) = (nearness(&answers), nearness(&others));
        assert!((0.7..1.6).contains(&near) && (-1.0..0.3).contains(&far), "{name}: {near} and {far}");
    }
}

#[test]
fn an_index_keeps_what_its_models_cosines_mean() {
    let library = Library::new(model());
    let made = *library.index.calibration().expect("measured when the index was made");
    let again = PassageIndex::open(library.index.folder(), &Signature::from_embedder(library.embedder.as_ref()));
    assert_eq!(again.expect("the same index").calibration(), Some(&made));
    assert_eq!(library.engine().calibration().expect("known"), &made);
}

/// A user whose index was made before the model had an adapter for questions: passages have the same vectors as before, but the
/// cosines of questions mean something else.
#[test]
fn an_index_outlives_a_change_of_what_only_questions_have() {
    let model = project("models/bge-small-en-v1.5");
    assert!(model.join("query_adapter.safetensors").is_file(), "`make setup` puts it there");
    let folder = tempfile::tempdir().expect("a folder");
    let linked = |to: &str, is_left_out: fn(&str) -> bool| {
        // The name of the folder is part of the fingerprint.
        let to = folder.path().join(to).join("bge-small-en-v1.5");
        fs::create_dir_all(&to).expect("created");
        for entry in fs::read_dir(&model).expect("a folder") {
            let entry = entry.expect("a file");
            let name = entry.file_name().to_string_lossy().into_owned();
            // One that was measured before could be that of other code.
            if name != "calibration.json" && !is_left_out(&name) {
                symlink(entry.path(), to.join(name)).expect("a link");
            }
        }
        to
    };
    let former = linked("former", |name| name.starts_with("query_"));
    let model = linked("new", |_| false);
    let start = |folder: PathBuf| {
        Arc::new(BertEmbedder::start(&BertOptions { folder, ..BertOptions::default() }).expect("a model"))
    };
    let (former, new) = (start(former), start(model));
    assert_eq!(former.fingerprint(), new.fingerprint());
    let text = ["Butyrate raised the number of regulatory T cells.".to_owned()];
    let vectors = [&former, &new].map(|model| model.embed(&text, Role::Passage).expect("a vector"));
    assert_eq!(vectors[0], vectors[1]);

    let library = Library::new(former);
    let index =
        Arc::new(PassageIndex::open(library.index.folder(), &Signature::from_embedder(new.as_ref())).expect("opens"));
    let engine = Engine::new(index, Arc::clone(&new) as Arc<dyn Embedder>, SearchOptions::default());
    let calibration = *engine.calibration().expect("measured again");
    assert_eq!(calibration, Calibration::measure(new.as_ref()).expect("vectors"));
    assert_ne!(Some(&calibration), library.index.calibration());
}

/// A user whose index was made when another model was the default.
#[test]
fn an_index_of_the_former_default_is_named_and_answers_until_it_is_rebuilt() {
    let folder = tempfile::tempdir().expect("a folder");
    let (index, papers) = (folder.path().join("index"), folder.path().join("papers"));
    copy_samples(&papers);
    let papers = papers.to_string_lossy().into_owned();
    let with_small = |arguments: &[&str]| {
        let mut command = stroma(&index, arguments);
        command.env(SMALL.0, SMALL.1);
        outcome(command)
    };
    let by_default = |arguments: &[&str]| outcome(stroma(&index, arguments));
    let question = ["search", "MSC effect on RA stiffness", "--limit", "1"];
    assert_eq!(with_small(&["index", &papers]).0, 0);
    let server = Served::start(&index, &folder.path().join("uploads"), &[SMALL]);

    let (code, said) = by_default(&question);
    assert_eq!(code, 2, "{said}");
    for named in ["all-MiniLM-L6-v2", "bge-small-en-v1.5", "stroma index --rebuild"] {
        assert!(said.contains(named), "{said}");
    }
    assert!(by_default(&["index", &papers]).1.contains("stroma index --rebuild"));
    let (code, said) = with_small(&question);
    assert!(code == 0 && said.contains("stiffness"), "the old index is whole: {said}");

    let (code, said) = by_default(&["index", "--rebuild", &papers]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = by_default(&question);
    assert!(code == 0 && said.contains("stiffness"), "{said}");
    let (status, answer) = server.get("/v1/search?q=MSC%20effect%20on%20RA%20stiffness").expect("it still runs");
    assert!(status == 200 && answer["hits"].as_array().is_some_and(|hits| !hits.is_empty()), "{answer}");
    assert_eq!(with_small(&question).0, 2, "the new index is of the new model");
}

/// Judged questions of a user over the user's own index.
#[test]
fn weights_are_fitted_to_questions_over_an_index_of_papers() {
    let library = Library::new(model());
    library.index(&[project("papers")]);
    let hits = library.engine().search(&Request::new("MSC effect on RA stiffness")).expect("an answer").hits;
    let judged = library.folder.path().join("judged");
    std::fs::create_dir_all(judged.join("qrels")).expect("a folder");
    let write = |name: &str, text: String| std::fs::write(judged.join(name), text).expect("written");
    write("queries.jsonl", "{\"_id\": \"q\", \"text\": \"MSC effect on RA stiffness\"}\n".into());
    write("qrels/own.tsv", format!("query-id\tcorpus-id\tscore\nq\t{}\t1\n", hits[0].record.passage.id));
    let judged = judged.to_string_lossy().into_owned();
    let run = |more: &[&str]| {
        let arguments: Vec<&str> = ["eval", &judged, "--split", "own"].iter().chain(more).copied().collect();
        outcome(stroma(library.index.folder(), &arguments))
    };
    let (code, said) = run(&["--mode", "hybrid"]);
    assert!(code == 0 && said.contains("nDCG@10 1.0000"), "{said}");
    let (code, said) = run(&["--fit"]);
    assert!(code == 0 && said.contains("[weights]\nlexical = ") && said.contains("few questions"), "{said}");
    let (code, said) = run(&["--fit", "--ablation"]);
    assert!(code == 2 && said.contains("cannot be used with"), "{said}");
}
