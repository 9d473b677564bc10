//! Traces of what a command did, by OpenTelemetry over OTLP/HTTP (feature `otel`).
//!
//! Nothing is made unless an endpoint is named by the variables that every OpenTelemetry program reads:
//! `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, … ("Environment
//! variable specification"). Spans hold names of APIs, places, fleets, instances and operations; never what was read.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::types::TRACE;

/// A collector gets this long for a batch, unless `OTEL_EXPORTER_OTLP_TIMEOUT` says otherwise.
const PATIENCE: Duration = Duration::from_secs(2);

/// The end of a command waits for the collector no longer than this, whatever the variables say.
const FAREWELL: Duration = Duration::from_secs(3);

const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
const TIMEOUTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"];

/// What has to be flushed at the end. One for the process, as the log is.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// The layer that makes traces of spans; `None` where nobody wants them.
pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> Option<impl Layer<S>> {
    let disabled = set("OTEL_SDK_DISABLED").is_some_and(|word| word.eq_ignore_ascii_case("true"));
    if disabled || ENDPOINTS.iter().all(|name| set(name).is_none()) {
        return None;
    }
    let mut exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary);
    if TIMEOUTS.iter().all(|name| set(name).is_none()) {
        exporter = exporter.with_timeout(PATIENCE);
    }
    let exporter = match exporter.build() {
        Ok(exporter) => Telling { exporter, told: AtomicBool::new(false) },
        Err(error) => {
            // The log is not there yet.
            eprintln!("no traces: {}", super::terminal::clean_short(&error.to_string(), 300));
            return None;
        }
    };
    let mut resource = Resource::builder();
    let named = set("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|list| list.contains("service.name="));
    if set("OTEL_SERVICE_NAME").is_none() && !named {
        resource = resource.with_service_name("cattleguard");
    }
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let provider = SdkTracerProvider::builder()
        .with_resource(resource.with_attribute(version).build())
        .with_batch_exporter(exporter)
        .build();
    let tracer = provider.tracer("cattleguard");
    let _ = PROVIDER.set(provider);
    let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
    let layer = layer.with_tracked_inactivity(false).with_target(false).with_level(false);
    Some(layer.with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == TRACE)))
}

/// Sends what is left. A collector that does not answer costs three seconds.
pub(super) fn finish() {
    if let Some(provider) = PROVIDER.get() {
        // What could not be sent was told by the exporter; a collector that is still silent is told here.
        if provider.shutdown_with_timeout(FAREWELL).is_err() {
            tracing::debug!("the last traces were not taken in time");
        }
    }
}

/// A variable that is set and not empty.
fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Says once that the collector does not take traces. Without, they would be missing in silence.
#[derive(Debug)]
struct Telling {
    exporter: SpanExporter,
    told: AtomicBool,
}

impl opentelemetry_sdk::trace::SpanExporter for Telling {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let done = self.exporter.export(batch).await;
        if let Err(error) = &done
            && !self.told.swap(true, Ordering::Relaxed)
        {
            let error = super::terminal::clean_short(&error.to_string(), 300);
            tracing::warn!(error, "the collector does not take traces; the work goes on without");
        }
        done
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
