//! Finds or makes the images of a session. An image's name follows from its content, so one that is there is the right one.

use std::collections::BTreeMap;

use bollard::models::ImageInspect;
use bottle_core::backend::{BackendError, Cause, ImageSource, Images, says_disk_full};
use bottle_core::event::{Silent, StepSink};
use bytes::Bytes;

use crate::backend::Shared;
use crate::build::{self, Job, Share};
use crate::digest;
use crate::engine::Engine;
use crate::fault::{self, Fault};
use crate::program::Program;
use crate::recipe::{
    AGENT_DOCKERFILE, AGENT_REPOSITORY, BUNDLE_DOCKERFILE, BUNDLE_REPOSITORY, LOCAL_BASE, Recipe,
    Start, closing_dockerfile, pinned_base,
};

/// The program that goes into the guest's image.
const GUEST: &str = "bottle-guest";
/// The program that goes into the bundle's image.
const SIDECAR: &str = "bottle-sidecar";
/// The file of more certificates in a build's context.
const CERTIFICATES: &str = "extra-ca.crt";
/// What a person reads of the guest's image.
const AGENT_TITLE: &str = "Agent image";
/// What a person reads of the bundle's image.
const BUNDLE_TITLE: &str = "Bundle image";

/// Finds or makes both images.
pub(crate) async fn ensure(
    shared: &Shared,
    engine: &Engine,
    source: &ImageSource,
    sink: &dyn StepSink,
) -> Result<Images, BackendError> {
    let workshop = Workshop {
        shared,
        engine,
        sink,
    };
    let base = workshop.base().await?;
    let (guest, sidecar) = workshop.programs().await?;
    let under = match source {
        ImageSource::Reference { name } => workshop.present_or_pulled(name, name).await?,
        ImageSource::BuiltIn | ImageSource::Dockerfile { .. } => base.clone(),
    };
    let agent = workshop.recipe(AGENT_REPOSITORY, AGENT_DOCKERFILE, &guest, under);
    let bundle = workshop.recipe(BUNDLE_REPOSITORY, BUNDLE_DOCKERFILE, &sidecar, base);
    // The agent's image takes most of the time: it downloads claude. Both programs are read before it starts, for a developer may
    // well build them anew in the meantime.
    let agent_order = workshop
        .order(&agent, AGENT_TITLE, &guest, Share { from: 0.0, to: 0.7 })
        .await?;
    let bundle_order = workshop
        .order(
            &bundle,
            BUNDLE_TITLE,
            &sidecar,
            Share { from: 0.7, to: 0.9 },
        )
        .await?;
    workshop.fill(agent_order).await?;
    workshop.fill(bundle_order).await?;
    let agent = match source {
        ImageSource::Dockerfile { text } => workshop.extended(agent.image(), text, &guest).await?,
        ImageSource::BuiltIn | ImageSource::Reference { .. } => agent.image(),
    };
    sink.step("Images are ready", Some(1.0));
    Ok(Images {
        agent,
        bundle: bundle.image(),
    })
}

/// Whether both images are there. Pulls and builds nothing.
pub(crate) async fn ready(
    shared: &Shared,
    engine: &Engine,
    source: &ImageSource,
) -> Result<bool, BackendError> {
    let workshop = Workshop {
        shared,
        engine,
        sink: &Silent,
    };
    let Some(base) = workshop.known_base().await? else {
        return Ok(false);
    };
    let under = match source {
        ImageSource::Reference { name } => workshop.look(name).await?.map(id_of).transpose()?,
        ImageSource::BuiltIn | ImageSource::Dockerfile { .. } => Some(base.clone()),
    };
    let Some(under) = under else {
        return Ok(false);
    };
    let (guest, sidecar) = workshop.programs().await?;
    let agent = workshop.recipe(AGENT_REPOSITORY, AGENT_DOCKERFILE, &guest, under);
    let bundle = workshop.recipe(BUNDLE_REPOSITORY, BUNDLE_DOCKERFILE, &sidecar, base);
    let mut wanted = vec![agent.image(), bundle.image()];
    if let ImageSource::Dockerfile { text } = source {
        wanted.push(workshop.own(agent.image(), text, &guest).image());
    }
    for image in wanted {
        if workshop.look(&image).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

struct Workshop<'a> {
    shared: &'a Shared,
    engine: &'a Engine,
    sink: &'a dyn StepSink,
}

impl Workshop<'_> {
    fn recipe(
        &self,
        repository: &'static str,
        dockerfile: &str,
        program: &Program,
        base: String,
    ) -> Recipe {
        let mut arguments = self.shared.settings.build_args.clone();
        arguments.insert("BASE".to_owned(), base.clone());
        arguments.insert(
            "TARGETARCH".to_owned(),
            self.engine.facts.architecture.clone(),
        );
        Recipe {
            repository,
            dockerfile: dockerfile.to_owned(),
            arguments,
            files: self.digests(program),
            base,
        }
    }

    /// The digests of the files that go into a build's context.
    fn digests(&self, program: &Program) -> BTreeMap<String, String> {
        let certificates = self.shared.settings.extra_certificates.as_deref();
        let certificates = certificates.map(|pem| (CERTIFICATES.to_owned(), digest::of(pem)));
        certificates
            .into_iter()
            .chain([(program.name.to_owned(), program.digest.clone())])
            .collect()
    }

    /// The files that go into a build's context.
    async fn files(&self, program: &Program) -> Result<Vec<(&'static str, Bytes)>, BackendError> {
        let certificates = self.shared.settings.extra_certificates.clone();
        let name = program.name;
        let program = program.clone();
        let bytes = blocking(move || program.read()).await?;
        Ok(certificates
            .map(|pem| (CERTIFICATES, pem.into()))
            .into_iter()
            .chain([(name, bytes)])
            .collect())
    }

    /// Finds the programs; hashing them blocks.
    async fn programs(&self) -> Result<(Program, Program), BackendError> {
        let folders = self.shared.settings.programs.clone();
        let architecture = self.engine.facts.architecture.clone();
        let programs = std::sync::Arc::clone(&self.shared.programs);
        blocking(move || {
            let guest = programs.find(&folders, GUEST, &architecture)?;
            let sidecar = programs.find(&folders, SIDECAR, &architecture)?;
            Ok((guest, sidecar))
        })
        .await
    }

    /// The image that the product's own images should start from.
    fn wanted_base(&self) -> &str {
        let pinned = pinned_base(AGENT_DOCKERFILE).unwrap_or(LOCAL_BASE);
        self.shared.settings.base_image.as_deref().unwrap_or(pinned)
    }

    /// The id of the image that the product's own images start from, where the engine has it.
    async fn known_base(&self) -> Result<Option<String>, BackendError> {
        let wanted = self.wanted_base();
        let (found, local) = tokio::join!(self.look(wanted), self.look(LOCAL_BASE));
        if let Some(found) = found? {
            return id_of(found).map(Some);
        }
        if self.shared.settings.base_image.is_none()
            && let Some(local) = local?
        {
            self.sink.log(&format!(
                "using the image {LOCAL_BASE} that this engine has, in place of the pinned one"
            ));
            return id_of(local).map(Some);
        }
        Ok(None)
    }

    /// The id of the image that the product's own images start from.
    async fn base(&self) -> Result<String, BackendError> {
        if let Some(base) = self.known_base().await? {
            return Ok(base);
        }
        let wanted = self.wanted_base();
        // The name without a digest is the one that a person can import.
        self.present_or_pulled(
            wanted,
            wanted.split_once('@').map_or(wanted, |(name, _)| name),
        )
        .await
    }

    /// The id of an image that the engine has or can get; `importable` is what a person could import it as.
    async fn present_or_pulled(
        &self,
        image: &str,
        importable: &str,
    ) -> Result<String, BackendError> {
        if let Some(found) = self.look(image).await? {
            return id_of(found);
        }
        let missing = |source: Option<Cause>| BackendError::NoBaseImage {
            image: importable.to_owned(),
            source,
        };
        match build::pull(self.engine, image, self.sink).await {
            Ok(()) => {}
            Err(error) if says_disk_full(fault::words(&error)) => {
                return Err(self.engine.failed(format!("pull {image}"), error));
            }
            Err(error) => return Err(missing(Some(error.into()))),
        }
        self.look(image)
            .await?
            .ok_or_else(|| missing(None))
            .and_then(id_of)
    }

    async fn look(&self, image: &str) -> Result<Option<ImageInspect>, BackendError> {
        match self.engine.api.inspect_image(image).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if fault::status(&error) == Some(404) => Ok(None),
            Err(error) => Err(self
                .engine
                .failed(format!("look at the image {image}"), error)),
        }
    }

    /// What is to be built of the product's own, `None` where it is there.
    async fn order<'r>(
        &self,
        recipe: &'r Recipe,
        title: &'static str,
        program: &Program,
        share: Share,
    ) -> Result<Option<Job<'r>>, BackendError> {
        if self.look(&recipe.image()).await?.is_some() {
            return Ok(None);
        }
        let files = self.files(program).await?;
        Ok(Some(Job {
            recipe,
            title,
            files,
            named: true,
            share,
        }))
    }

    /// Builds what is still to be built.
    async fn fill(&self, order: Option<Job<'_>>) -> Result<(), BackendError> {
        let Some(job) = order else { return Ok(()) };
        let image = job.recipe.image();
        // Two sessions that start at once want the same image: the second waits for the first's.
        let lock = self.shared.locks.of(&image);
        let _turn = lock.lock().await;
        if self.look(&image).await?.is_some() {
            return Ok(());
        }
        build::run(self.engine, job, self.sink).await.map(drop)
    }

    /// A person's Dockerfile over the agent's image.
    fn own(&self, agent: String, text: &str, guest: &Program) -> Recipe {
        Recipe {
            repository: AGENT_REPOSITORY,
            dockerfile: text.to_owned(),
            arguments: BTreeMap::from([("BASE".to_owned(), agent.clone())]),
            files: self.digests(guest),
            base: agent,
        }
    }

    /// Builds a person's Dockerfile over the agent's image, and closes it with the layer that starts the guest as ever.
    async fn extended(
        &self,
        agent: String,
        text: &str,
        guest: &Program,
    ) -> Result<String, BackendError> {
        let own = self.own(agent.clone(), text, guest);
        let image = own.image();
        if self.look(&image).await?.is_some() {
            return Ok(image);
        }
        let lock = self.shared.locks.of(&image);
        let _turn = lock.lock().await;
        if self.look(&image).await?.is_some() {
            return Ok(image);
        }
        let config = self
            .look(&agent)
            .await?
            .and_then(|found| found.config)
            .unwrap_or_default();
        let start = Start {
            entrypoint: config.entrypoint.unwrap_or_default(),
            user: config.user.unwrap_or_default(),
            workdir: config.working_dir.unwrap_or_default(),
        };
        let share = Share {
            from: 0.9,
            to: 0.95,
        };
        let job = Job {
            recipe: &own,
            title: "Your Dockerfile",
            files: Vec::new(),
            named: false,
            share,
        };
        let middle = build::run(self.engine, job, self.sink).await?;
        self.closed(&image, closing_dockerfile(&start), middle, guest)
            .await?;
        Ok(image)
    }

    async fn closed(
        &self,
        image: &str,
        dockerfile: String,
        base: String,
        guest: &Program,
    ) -> Result<(), BackendError> {
        let closing = Recipe {
            repository: AGENT_REPOSITORY,
            dockerfile,
            arguments: BTreeMap::from([("BASE".to_owned(), base.clone())]),
            files: self.digests(guest),
            base,
        };
        let files = self.files(guest).await?;
        let share = Share {
            from: 0.95,
            to: 1.0,
        };
        let job = Job {
            recipe: &closing,
            title: AGENT_TITLE,
            files,
            named: false,
            share,
        };
        let id = build::run(self.engine, job, self.sink).await?;
        let (repository, tag) = image.split_once(':').unwrap_or((image, "latest"));
        let options = bollard::query_parameters::TagImageOptions {
            repo: Some(repository.to_owned()),
            tag: Some(tag.to_owned()),
        };
        let tagged = self.engine.api.tag_image(&id, Some(options)).await;
        tagged.map_err(|error| self.engine.failed(format!("name the image {image}"), error))
    }
}

fn id_of(image: ImageInspect) -> Result<String, BackendError> {
    image.id.ok_or_else(|| BackendError::Engine {
        action: "look at an image".to_owned(),
        source: Fault::Incomplete {
            what: "the id of the image",
        }
        .into(),
    })
}

/// Runs what reads files away from the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackendError> + Send + 'static,
) -> Result<T, BackendError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(BackendError::Engine {
            action: "read a program".to_owned(),
            source: error.into(),
        }),
    }
}
