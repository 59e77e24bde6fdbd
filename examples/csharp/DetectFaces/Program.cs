// Finds faces in a picture and draws a box around each.
//
//   dotnet run --project DetectFaces [model] [picture] [result.png]
//
// For networks with two outputs: scores (1 x N x 2: background, face) and boxes (1 x N x 4: corners x1 y1 x2 y2 in
// shares of the input's width and height). Prints a line "x1 y1 x2 y2 score" for each face, in pixels of the picture.
using Octet;

string file = args.ElementAtOrDefault(0) ?? "../models/faces/faces.onnx";
string picture = args.ElementAtOrDefault(1) ?? "../models/faces/people.jpg";
string result = args.ElementAtOrDefault(2) ?? "faces.png";

try
{
    using Model model = Model.Load(file);
    FaceDetector detector = new(model);
    // An int8 model knows how pictures are prepared. For a float one it stands in quantize.json beside the file.
    Recipe recipe = model.Recipe ??
        Recipe.FromConfig(Path.Combine(Path.GetDirectoryName(file) ?? "", "quantize.json"));
    using Image image = Image.Load(picture);
    List<Face> faces = detector.Find(image.Pixels, recipe);

    Pixels pixels = image.Pixels;
    byte[] drawing = pixels.Data.ToArray(); // the image's own pixels are not to be written
    foreach (Face face in faces)
    {
        Console.WriteLine($"{face.X1:0.0} {face.Y1:0.0} {face.X2:0.0} {face.Y2:0.0} {face.Score:0.000}");
        Drawing.Frame(drawing, pixels.Width, pixels.Height, face);
    }
    Png.Write(result, drawing, pixels.Width, pixels.Height);
    Console.Error.WriteLine($"{faces.Count} faces; boxes drawn in {result}");
    return 0;
}
catch (Exception failure) when (failure is OctetException or InvalidDataException or IOException)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
