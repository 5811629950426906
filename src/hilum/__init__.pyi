# The public face: what reads and judges. Recipes are written with `hilum.training.recipe`, studies declared with
# `hilum.evaluation.study` and run with `hilum.training.study`; errors are in `hilum.errors`. All else is private.

# reading
# bundles
from .bundle.card import Card as Card
from .bundle.card import HeatmapSpec as HeatmapSpec
from .bundle.card import OcclusionSpec as OcclusionSpec
from .bundle.card import Scope as Scope
from .bundle.card import Training as Training
from .bundle.label import Label as Label
from .bundle.label import PlattCalibration as PlattCalibration
from .bundle.load import Bundle as Bundle
from .bundle.load import load_bundle as load_bundle
from .bundle.save import file_hashes as file_hashes
from .bundle.save import write_bundle as write_bundle
from .datasets.own.own_table import read_own_table as read_own_table

# one's own images
from .datasets.prepared.images import fill_cache as fill_cache
from .datasets.prepared.images import open_cache as open_cache
from .datasets.prepared.images import prepare_image as prepare_image

# fitting a bundle to one's own images
from .evaluation.calibrating.calibrate import Calibrated as Calibrated
from .evaluation.calibrating.calibrate import CalibrationSettings as CalibrationSettings
from .evaluation.calibrating.calibrate import calibrate as calibrate
from .evaluation.calibrating.rule import PointRule as PointRule

# judging
from .evaluation.comparing.compare import compare as compare
from .evaluation.comparing.comparison import Comparison as Comparison
from .evaluation.comparing.many_predictions import same_images as same_images
from .evaluation.judging.judge import judge as judge
from .evaluation.judging.judgement import Judgement as Judgement
from .evaluation.predictions.from_arrays import as_predictions as as_predictions
from .evaluation.predictions.predictions import Predictions as Predictions
from .evaluation.predictions.predictions_file import read_predictions as read_predictions
from .evaluation.predictions.predictions_file import write_predictions as write_predictions
from .evaluation.predictions.validation import ValidationPredictions as ValidationPredictions

# pixels, and the way home to them
from .explain.class_maps import grad_cam as grad_cam
from .explain.class_maps import logit_contribution as logit_contribution
from .explain.occlusion import occlusion_maps as occlusion_maps
from .explain.onto_pixels import onto_pixels as onto_pixels
from .geometry import Box as Box
from .imaging.decode import decode as decode
from .imaging.pixels.orientation import stored_box as stored_box
from .imaging.preprocess import CropLungs as CropLungs
from .imaging.preprocess import PreprocessSpec as PreprocessSpec
from .imaging.preprocess import Resize as Resize
from .imaging.preprocess import preprocess as preprocess
from .objects.make import DicomObject as DicomObject
from .objects.make import dicom_objects as dicom_objects
from .objects.make import save_dicom_objects as save_dicom_objects
from .radiograph import Radiograph as Radiograph
from .radiograph import Source as Source
from .radiograph import StoredGrid as StoredGrid
from .reading.settings import ReaderSettings as ReaderSettings
from .reading_result import CardiothoracicRatio as CardiothoracicRatio
from .reading_result import Examination as Examination
from .reading_result import FailedReading as FailedReading
from .reading_result import Finding as Finding
from .reading_result import Findings as Findings
from .reading_result import Heatmap as Heatmap
from .reading_result import NotDecided as NotDecided
from .reading_result import RatioWithheld as RatioWithheld
from .reading_result import Reading as Reading
from .report.overlay import overlay_png as overlay_png
from .report.reading_json import reading_to_json as reading_to_json
from .report.schema import reading_schema as reading_schema
from .results.masks import LungMasks as LungMasks
from .results.read import read as read
from .results.read import read_many as read_many
from .results.reader import Reader as Reader
from .results.result import Result as Result
from .results.results import Results as Results
from .stated import Stated as Stated

# statistics
from .statistics.auroc import auroc as auroc
from .statistics.auroc_interval import patient_auroc as patient_auroc
from .statistics.average_precision import average_precision as average_precision
from .statistics.estimate import Estimate as Estimate
from .statistics.holm import holm as holm
from .statistics.probability_bands import bands_in_words as bands_in_words
from .statistics.probability_bands import probability_bands as probability_bands
from .statistics.recalibration import recalibration as recalibration

# recipes of published systems, to start one's own from
from .systems.chest14.recipe import chest14 as chest14
from .systems.chest14.recipe import chest14_local as chest14_local
from .systems.pneumonia.recipe import pneumonia as pneumonia
from .systems.sdfn.recipe import sdfn as sdfn
from .systems.sdfn.recipe import sdfn_local as sdfn_local

# what `hilum train` and `hilum study` do
from .systems.table import study as study
from .systems.table import train as train
from .training.records.request import StudyRequest as StudyRequest
from .training.records.request import TrainRequest as TrainRequest
from .version import __version__ as __version__
