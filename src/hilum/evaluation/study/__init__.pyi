# The face for who declares a study; its arms are trained by `hilum.training.study`.

from .as_json import read_study_json as read_study_json
from .as_json import study_json as study_json
from .claims import ClassAbove as ClassAbove
from .claims import CountAbove as CountAbove
from .claims import MeanAbove as MeanAbove
from .claims import MeanNotSurelyAbove as MeanNotSurelyAbove
from .claims import TTest as TTest
from .content import StudyContent as StudyContent
from .read import read_study as read_study
from .section import Gallery as Gallery
from .section import Picture as Picture
from .section import ReportTable as ReportTable
from .section import SectionContent as SectionContent
from .study import Arm as Arm
from .study import MeanOf as MeanOf
from .study import PublishedTable as PublishedTable
from .study import Study as Study
from .tables import study_tables as study_tables
from .write import write_study as write_study
