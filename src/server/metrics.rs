//! Metrics for Prometheus.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::search::Timings;
use crate::store::{HealthStatus, StoreHealth};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    /// The route's pattern, not the requested path: `/v1/papers/{id}`.
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabels {
    stage: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: &'static str,
}

/// Stages of a request outside of the search itself, which has [stages](crate::search::Stage) of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestStage {
    /// Waiting for a thread.
    Wait,
    /// Turning the answer into its wire type.
    Render,
}

/// Values that are read for each request of the metrics.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gauges {
    pub(super) papers: u64,
    pub(super) passages: u64,
    pub(super) index_bytes: u64,
    pub(super) tasks_unfinished: u64,
}

/// All metrics of the server.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
    stage_seconds: Family<StageLabels, Histogram, fn() -> Histogram>,
    refused: Counter,
    cache_hits: Counter,
    commits: Counter,
    index_runs: Counter,
    papers: Gauge<i64>,
    passages: Gauge<i64>,
    index_bytes: Gauge<i64>,
    tasks_unfinished: Gauge<i64>,
    cluster_status: Family<StatusLabels, Gauge<i64>>,
    cluster_nodes: Gauge<i64>,
    cluster_unassigned_shards: Gauge<i64>,
    /// Runs that `index_runs` has counted.
    counted_runs: AtomicU64,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// A histogram with buckets from 0.5 ms to 16 s, each twice as long as the previous one.
fn duration_histogram() -> Histogram {
    Histogram::new((0..16).map(|step| 0.0005 * f64::from(1u32 << step)))
}

impl Metrics {
    pub(super) fn new() -> Self {
        let metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(duration_histogram),
            stage_seconds: Family::new_with_constructor(duration_histogram),
            refused: Counter::default(),
            cache_hits: Counter::default(),
            commits: Counter::default(),
            index_runs: Counter::default(),
            papers: Gauge::default(),
            passages: Gauge::default(),
            index_bytes: Gauge::default(),
            tasks_unfinished: Gauge::default(),
            cluster_status: Family::default(),
            cluster_nodes: Gauge::default(),
            cluster_unassigned_shards: Gauge::default(),
            counted_runs: AtomicU64::new(0),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let mut registry = Registry::with_prefix("stroma");
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "http_request",
            "Time until an answer is ready to be sent",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register_with_unit(
            "stage",
            "Time spent on each stage of an answer",
            Unit::Seconds,
            self.stage_seconds.clone(),
        );
        registry.register("turned_away", "Requests refused because too many ran", self.refused.clone());
        registry.register("repeated_answers", "Answers given again from memory", self.cache_hits.clone());
        registry.register("commits_seen", "Commits of the index that became visible", self.commits.clone());
        registry.register("index_runs", "Runs of the thread that writes", self.index_runs.clone());
        registry.register("papers", "Papers in the index", self.papers.clone());
        registry.register("passages", "Passages in the index", self.passages.clone());
        registry.register_with_unit("index_size", "Size of the index on disk", Unit::Bytes, self.index_bytes.clone());
        registry.register("tasks_unfinished", "Jobs that wait or run", self.tasks_unfinished.clone());
        registry.register(
            "cluster_status",
            "1 for the status of the cluster that holds the index, 0 for the others; absent without a cluster",
            self.cluster_status.clone(),
        );
        registry.register(
            "cluster_nodes",
            "Nodes of the cluster that hold data; 0 without a cluster",
            self.cluster_nodes.clone(),
        );
        registry.register(
            "cluster_unassigned_shards",
            "Copies of shards that no node of the cluster has",
            self.cluster_unassigned_shards.clone(),
        );
        self.registry = registry;
        self
    }

    /// Counts a request and observes its time.
    pub(super) fn observe_request(&self, method: &str, route: &str, status: u16, time: Duration) {
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.request_seconds.get_or_create(&RouteLabels { route: route.to_owned() }).observe(time.as_secs_f64());
    }

    /// Observes the stages of one search.
    pub(super) fn observe_search(&self, timings: &Timings) {
        for stage in crate::search::Stage::ALL {
            let labels = StageLabels { stage: stage.name() };
            self.stage_seconds.get_or_create(&labels).observe(timings.get(stage).as_secs_f64());
        }
    }

    /// Observes a stage around the search.
    pub(super) fn observe_stage(&self, stage: RequestStage, time: Duration) {
        let stage = match stage {
            RequestStage::Wait => "wait",
            RequestStage::Render => "render",
        };
        self.stage_seconds.get_or_create(&StageLabels { stage }).observe(time.as_secs_f64());
    }

    /// Counts a request that was refused because too many ran.
    pub(super) fn count_refused(&self) {
        self.refused.inc();
    }

    /// Counts an answer from the response cache.
    pub(super) fn count_cache_hit(&self) {
        self.cache_hits.inc();
    }

    /// Counts a commit that became visible.
    pub(super) fn count_commit(&self) {
        self.commits.inc();
    }

    /// Sets the number of index runs since the start.
    pub(super) fn set_index_runs(&self, runs: u64) {
        let counted = self.counted_runs.swap(runs, std::sync::atomic::Ordering::Relaxed);
        self.index_runs.inc_by(runs.saturating_sub(counted));
    }

    /// Sets the state of the cluster that holds the index.
    pub(super) fn set_cluster(&self, health: &StoreHealth) {
        for status in HealthStatus::ALL {
            let labels = StatusLabels { status: status.name() };
            self.cluster_status.get_or_create(&labels).set(i64::from(status == health.status));
        }
        self.cluster_nodes.set(i64::try_from(health.nodes).unwrap_or(i64::MAX));
        self.cluster_unassigned_shards.set(i64::try_from(health.unassigned_shards).unwrap_or(i64::MAX));
    }

    /// All metrics in the text format of Prometheus.
    pub(super) fn text(&self, gauges: Gauges) -> Result<String, fmt::Error> {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.papers.set(signed(gauges.papers));
        self.passages.set(signed(gauges.passages));
        self.index_bytes.set(signed(gauges.index_bytes));
        self.tasks_unfinished.set(signed(gauges.tasks_unfinished));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
