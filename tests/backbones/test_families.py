"""Each family against the Hugging Face model it is made from."""

import pytest
import torch
from conftest_backbones import native_input
