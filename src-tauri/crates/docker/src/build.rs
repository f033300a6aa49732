//! One run of the engine's builder, and one pull: their streams turned into steps and log lines.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::pin::pin;

use bollard::errors::Error as ApiError;
use bollard::query_parameters::{BuildImageOptions, BuilderVersion, CreateImageOptions};
use bottle_core::backend::{BackendError, BackendName, says_disk_full};
use bottle_core::event::StepSink;
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use crate::engine::Engine;
use crate::fault::{self, Fault};
use crate::layout::LABEL_KIND;
use crate::recipe::{self, Recipe, Step};

/// How many of a build's last lines an error shows.
const TAIL: usize = 30;

/// A share of the phase's progress bar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    pub(crate) from: f64,
    pub(crate) to: f64,
}

impl Share {
    fn at(self, fraction: f64) -> f64 {
        self.from + (self.to - self.from) * fraction.clamp(0.0, 1.0)
    }
}

/// Something to build.
pub(crate) struct Job<'a> {
    pub(crate) recipe: &'a Recipe,
    /// What a person reads it is.
    pub(crate) title: &'static str,
    /// The files beside the Dockerfile.
    pub(crate) files: Vec<(&'static str, Bytes)>,
    /// Whether the result gets its name; an image in between has none and goes with its child.
    pub(crate) named: bool,
    pub(crate) share: Share,
}

/// Builds an image and tells its id. Dropping the future ends the build on the engine too.
pub(crate) async fn run(
    engine: &Engine,
    job: Job<'_>,
    sink: &dyn StepSink,
) -> Result<String, BackendError> {
    let image = job.recipe.image();
    let arguments: HashMap<_, _> = job.recipe.arguments.clone().into_iter().collect();
    let options = BuildImageOptions {
        t: job.named.then(|| image.clone()),
        buildargs: Some(arguments),
        labels: job
            .named
            .then(|| HashMap::from([(LABEL_KIND.to_owned(), "image".to_owned())])),
        rm: true,
        forcerm: true,
        version: BuilderVersion::BuilderV1,
        ..Default::default()
    };
    let context =
        context(&job.recipe.dockerfile, job.files).map_err(|source| BackendError::Engine {
            action: format!("pack {image}"),
            source: source.into(),
        })?;
    let builder = engine.builder();
    let body = bollard::body_stream(stream::iter(context));
    let mut output = pin!(builder.build_image(options, None, Some(body)));
    let mut reader = BuildReader {
        title: job.title,
        share: job.share,
        sink,
        titles: recipe::titles(&job.recipe.dockerfile),
        step: String::new(),
        running: String::new(),
        tail: VecDeque::new(),
    };
    let mut id = None;
    while let Some(message) = output.next().await {
        match message {
            Ok(message) => {
                message.stream.iter().for_each(|text| reader.take(text));
                id = message.aux.and_then(|aux| aux.id).or(id);
            }
            Err(error) => return Err(reader.failed(engine, image, error)),
        }
    }
    id.ok_or_else(|| BackendError::Engine {
        action: format!("build {image}"),
        source: Fault::Incomplete {
            what: "the id of the image",
        }
        .into(),
    })
}

/// The builder's input: a tar archive of the Dockerfile and the files that it copies, the same bytes every time so that the cache is found.
fn context(dockerfile: &str, files: Vec<(&'static str, Bytes)>) -> io::Result<Vec<Bytes>> {
    let mut parts = Vec::new();
    let dockerfile = Bytes::copy_from_slice(dockerfile.as_bytes());
    for (name, content) in [("Dockerfile", dockerfile)].into_iter().chain(files) {
        let mut header = tar::Header::new_ustar();
        header.set_path(name)?;
        header.set_size(content.len().try_into().map_err(io::Error::other)?);
        header.set_mode(0o755);
        header.set_cksum();
        let padding = content.len().next_multiple_of(512) - content.len();
        parts.extend([
            Bytes::copy_from_slice(header.as_bytes()),
            content,
            vec![0; padding].into(),
        ]);
    }
    parts.push(vec![0; 1024].into());
    Ok(parts)
}

struct BuildReader<'a> {
    title: &'static str,
    share: Share,
    sink: &'a dyn StepSink,
    titles: Vec<Option<String>>,
    /// What the person was told last.
    step: String,
    /// The step that runs, by its comment or else its instruction.
    running: String,
    tail: VecDeque<String>,
}

impl BuildReader<'_> {
    fn take(&mut self, text: &str) {
        for line in text
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty())
        {
            let line: String = line.chars().filter(|c| !c.is_control()).collect();
            if let Some(step) = Step::read(&line) {
                self.begin(&step);
            } else if !is_bookkeeping(&line) {
                self.sink.log(&line);
                self.tail.push_back(line);
                if self.tail.len() > TAIL {
                    self.tail.pop_front();
                }
            }
        }
    }

    /// A step is told by its author's comment; one without is too small to tell and goes with the step before it.
    fn begin(&mut self, step: &Step<'_>) {
        self.sink.log(&step.title());
        let index = usize::try_from(step.number.saturating_sub(1)).unwrap_or_default();
        let own = self.titles.get(index).cloned().flatten();
        self.running = own.clone().unwrap_or_else(|| step.title());
        let told = match own {
            Some(own) => format!("{}: {own}", self.title),
            None if self.step.is_empty() => self.title.to_owned(),
            None => return,
        };
        self.step.clone_from(&told);
        let done = f64::from(step.number.saturating_sub(1)) / f64::from(step.of.max(1));
        self.sink.step(&told, Some(self.share.at(done)));
    }

    fn failed(mut self, engine: &Engine, image: String, error: ApiError) -> BackendError {
        // What the builder itself says is the failure of a step; anything else is the engine's or the connection's.
        let said = fault::words(&error).trim().to_owned();
        if said.is_empty() {
            return engine.failed(format!("build the image {image}"), error);
        }
        if says_disk_full(&said) || self.tail.iter().any(|line| says_disk_full(line)) {
            return BackendError::DiskFull {
                backend: BackendName::Docker,
            };
        }
        // The builder repeats the whole instruction, which can be a page, before it says how it ended.
        let ended = said.rsplit_once(" returned a non-zero code: ");
        let said = ended.map_or(said.clone(), |(_, code)| {
            format!("the step ended with code {code}")
        });
        self.tail.push_back(said);
        let step = if self.running.is_empty() {
            "reading the Dockerfile".to_owned()
        } else {
            self.running
        };
        BackendError::ImageBuild {
            image,
            step,
            tail: self.tail.into(),
        }
    }
}

/// Lines of the builder's about its own layers.
fn is_bookkeeping(line: &str) -> bool {
    line.starts_with(" ---> ")
        || line.starts_with("Removing intermediate container")
        || line.starts_with("Successfully ")
}

/// Pulls an image, telling how much of its layers is there.
pub(crate) async fn pull(
    engine: &Engine,
    image: &str,
    sink: &dyn StepSink,
) -> Result<(), ApiError> {
    // Without a tag the engine would pull every tag there is.
    let last = image.rsplit('/').next().unwrap_or(image);
    let tag = if last.contains([':', '@']) {
        String::new()
    } else {
        "latest".to_owned()
    };
    let options = CreateImageOptions {
        from_image: Some(image.to_owned()),
        tag: Some(tag),
        ..Default::default()
    };
    let mut layers: HashMap<String, (f64, f64)> = HashMap::new();
    let title = format!("Pulling {image}");
    sink.step(&title, None);
    let mut output = pin!(
        engine
            .builder()
            .create_image(Some(options), None, None)
            .boxed()
    );
    while let Some(message) = output.next().await {
        let message = message?;
        let (Some(layer), Some(detail)) = (message.id, message.progress_detail) else {
            continue;
        };
        if let (Some(current), Some(total)) = (detail.current, detail.total) {
            layers.insert(layer, (current as f64, total as f64));
            let (current, total) = layers
                .values()
                .fold((0.0, 0.0), |sum, layer| (sum.0 + layer.0, sum.1 + layer.1));
            sink.step(&title, (total > 0.0).then_some(current / total));
        }
    }
    Ok(())
}
