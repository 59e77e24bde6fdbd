using Octet;

/// <summary>A face, in pixels of the picture.</summary>
internal readonly record struct Face(float X1, float Y1, float X2, float Y2, float Score)
{
    private float Area => (X2 - X1) * (Y2 - Y1);

    /// <summary>Intersection over union.</summary>
    public float Overlap(Face other)
    {
        float width = Math.Max(0, Math.Min(X2, other.X2) - Math.Max(X1, other.X1));
        float height = Math.Max(0, Math.Min(Y2, other.Y2) - Math.Max(Y1, other.Y1));
        float both = width * height;
        return both / (Area + other.Area - both);
    }
}

/// <summary>Runs a detector and makes faces of its scores and boxes.</summary>
internal sealed class FaceDetector
{
    private const float Threshold = 0.7f;
    private const float MostOverlap = 0.3f;

    private readonly Model _model;
    private readonly int _scores; // index of the output with the scores; the other one has the boxes
    private readonly float[][] _outputs;
    private readonly long _width;
    private readonly long _height;

    public FaceDetector(Model model)
    {
        IReadOnlyList<TensorInfo> outputs = model.Outputs;
        _scores = outputs.Count == 2 && IsList(outputs[1], 2) ? 1 : 0;
        IReadOnlyList<long> input = model.Inputs[0].Dimensions;
        if (model.Inputs.Count != 1 || input.Count != 4 || outputs.Count != 2 || !IsList(outputs[_scores], 2) ||
            !IsList(outputs[1 - _scores], 4) || outputs[_scores].ElementCount * 2 != outputs[1 - _scores].ElementCount)
        {
            throw new InvalidDataException("This network is no detector with outputs 1 x N x 2 and 1 x N x 4.");
        }
        _model = model;
        _outputs = outputs.Select(output => new float[output.ElementCount]).ToArray();
        (_height, _width) = (input[2], input[3]);
    }

    /// <summary>Faces, best first; of boxes that overlap much only the best one (non-maximum suppression).</summary>
    public List<Face> Find(Pixels pixels, Recipe recipe)
    {
        using Session session = _model.CreateSession();
        session.RunImage(pixels, [_outputs[0], _outputs[1]], recipe);
        PixelMapping mapping = pixels.GetMapping(_model, recipe: recipe);
        List<Face> kept = [];
        foreach (Face face in Candidates(mapping).OrderByDescending(face => face.Score))
        {
            if (kept.All(better => better.Overlap(face) <= MostOverlap)) kept.Add(face);
        }
        return kept;
    }

    private static bool IsList(TensorInfo tensor, long length) =>
        tensor.Dimensions.Count == 3 && tensor.Dimensions[0] == 1 && tensor.Dimensions[2] == length;

    private IEnumerable<Face> Candidates(PixelMapping mapping)
    {
        float[] scores = _outputs[_scores], boxes = _outputs[1 - _scores];
        for (int i = 0; i < scores.Length / 2; ++i)
        {
            float score = scores[(2 * i) + 1];
            if (!(score > Threshold)) continue;
            float x1 = boxes[4 * i], y1 = boxes[(4 * i) + 1], x2 = boxes[(4 * i) + 2], y2 = boxes[(4 * i) + 3];
            if (!(x1 < x2 && y1 < y2 && x1 > -1 && y1 > -1 && x2 < 2 && y2 < 2))
            {
                throw new InvalidDataException(
                    "The boxes of this network are no corners: perhaps offsets to priors, which are not decoded here.");
            }
            (x1, y1) = (mapping.X(x1 * _width), mapping.Y(y1 * _height));
            (x2, y2) = (mapping.X(x2 * _width), mapping.Y(y2 * _height));
            yield return new Face(x1, y1, x2, y2, score);
        }
    }
}
